"""The value of `@fromContext(field:)`: a context's name and a selection taken from it."""

import re
from typing import NamedTuple

_FIELD_VALUE = re.compile(r"^[\s,]*\$([\w\d_]+)\s*([\s\S]*?)[\s,]*$")


class ContextValue(NamedTuple):
    """A context's name and the selection taken from it."""

    context: str
    selection: str


def parse_context_value(text: object) -> ContextValue | None:
    """Parse "$name { selection }"; None where it does not have that form."""
    matched = _FIELD_VALUE.match(text) if isinstance(text, str) else None
    return ContextValue(matched[1], matched[2]) if matched else None
