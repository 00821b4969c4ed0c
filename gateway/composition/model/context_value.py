"""The value of `@fromContext(field:)`: a context's name and a selection taken from it."""

import re
from typing import NamedTuple

_IGNORED = r"(?:[\n\r\t ,]|#[^\n\r]*)*"
_FIELD_VALUE = re.compile(rf"{_IGNORED}\${_IGNORED}([A-Za-z_]\w*)(.*)", re.ASCII | re.DOTALL)


class ContextValue(NamedTuple):
    """A context's name and the selection taken from it, as it is written."""

    context: str
    selection: str


def parse_context_value(text: object) -> ContextValue | None:
    """Parse "$name { selection }"; None where it does not have that form."""
    matched = _FIELD_VALUE.fullmatch(text) if isinstance(text, str) else None
    return ContextValue(matched[1], matched[2]) if matched and matched[2] else None
