"""How long an answer may be kept and by whom: `Cache-Control`, `Age` and `Vary` (RFC 9111, sections 4.1 and 5)."""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from common.http import Response

Visibility = Literal["public", "private", ""]

_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?')


class CacheControl(Struct, frozen=True):
    """`seconds` for which an answer may be used, 0 for none; `visibility` is what the answer says, if it does.

    `vary` names the request headers that it depends on, in lower case.
    """

    seconds: float
    visibility: Visibility = ""
    vary: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """The header, as it is told to whoever asked."""
        if self.seconds < 1:
            return "no-store"
        return f"max-age={int(self.seconds)}" + (f",{self.visibility}" if self.visibility else "")


NO_STORE = CacheControl(0)


def read_cache_control(response: Response, default: float | None) -> CacheControl:
    """What the headers of an answer say; `default` seconds where they tell no time, none where that is None."""
    directives = dict(_directives(response))
    vary = frozenset(name.strip().lower() for name in _values(response, "vary") for name in name.split(","))
    if not directives.keys().isdisjoint({"no-store", "no-cache"}) or "*" in vary:
        return NO_STORE
    visibility: Visibility = (
        "private" if "private" in directives else "public" if "public" in directives else ""
    )
    told = directives.get("max-age")
    if visibility != "private":
        told = directives.get("s-maxage", told)
    seconds = default or 0.0 if told is None else _number(told) - _number(response.header("age") or "0")
    return CacheControl(max(seconds, 0.0), visibility, vary)


def merged(parts: Iterable[CacheControl]) -> CacheControl:
    """What holds for an answer that is made of all `parts`."""
    known = list(parts)
    seen = {part.visibility for part in known}
    visibility: Visibility = "private" if "private" in seen else "public" if seen == {"public"} else ""
    return CacheControl(
        min((part.seconds for part in known), default=0.0),
        visibility,
        frozenset().union(*(part.vary for part in known)),
    )


def _directives(response: Response) -> Iterable[tuple[str, str]]:
    for value in _values(response, "cache-control"):
        for name, quoted, plain in _DIRECTIVE.findall(value):
            yield name.lower(), quoted or plain


def _values(response: Response, name: str) -> Iterable[str]:
    return (value for key, value in response.headers if key == name)


def _number(text: str) -> float:
    """Seconds; what is no number counts as an answer that is old already (RFC 9111, section 4.2.1)."""
    return float(text) if text.isascii() and text.isdigit() else 0.0
