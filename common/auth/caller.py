"""The caller, as a verified access token describes it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caller:
    """The subject of a verified access token, the scopes it was given and all of its claims."""

    subject: str
    scopes: frozenset[str]
    claims: Mapping[str, Any]


def lifetime(caller: Caller | None) -> float | None:
    """Seconds until the caller's token expires; None for nobody, who stays nobody."""
    return None if caller is None else max(0.0, caller.claims["exp"] - time.time())
