"""The caller, as a verified access token describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caller:
    """The subject of a verified access token, the scopes it was given and all of its claims."""

    subject: str
    scopes: frozenset[str]
    claims: Mapping[str, Any]
