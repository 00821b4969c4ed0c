"""A caller's claims as the values of headers to subgraphs."""

import json
from collections.abc import Mapping
from typing import Any


def claim_header(claims: Mapping[str, Any] | None, name: str | None) -> str | None:
    """The claim `name`, or all of them, as text that a header can hold; None where there is none.

    A text stands as it is where a header can hold it; anything else is JSON in ASCII.
    """
    if claims is None:
        return None
    value = dict(claims) if name is None else claims.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    return json.dumps(value, separators=(",", ":"))
