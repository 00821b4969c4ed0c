"""How long an answer may be kept and by whom: `Cache-Control`, `Age` and `Vary` (RFC 9111, sections 4.1 and 5)."""

import math
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from common.http import Response
from common.http.messages import Headers

Visibility = Literal["public", "private", ""]

_FOREVER = 2.0**31
_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?')


class CacheControl(Struct, frozen=True):
    """`seconds` for which an answer may be used, 0 for none; `visibility` is what the answer says, if it does.

    A cache that is not shared, such as a browser's, may use it for `sooner` seconds less. `vary` names the request headers
    that it depends on, in lower case.
    """

    seconds: float
    visibility: Visibility = ""
    vary: frozenset[str] = frozenset()
    sooner: int = 0

    def __str__(self) -> str:
        """The header, as it is told to whoever asked."""
        if self.seconds < 1:
            return "no-store"
        shared = f", s-maxage={int(self.seconds)}" if self.sooner else ""
        said = f", {self.visibility}" if self.visibility else ""
        return f"max-age={max(int(self.seconds) - self.sooner, 0)}{shared}{said}"


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
    age, own = _number(response.header("age") or "0"), directives.get("max-age")
    shared = None if visibility == "private" else directives.get("s-maxage")
    if own is None and shared is None:
        return CacheControl(default or 0.0, visibility, vary)
    seconds = _number(shared or own or "")
    sooner = int(seconds - _number(own)) if own and shared else 0
    return CacheControl(max(seconds - age, 0.0), visibility, vary, max(sooner, 0))


def merged(parts: Iterable[CacheControl]) -> CacheControl:
    """What holds for an answer that is made of all `parts`."""
    known = list(parts)
    seen = {part.visibility for part in known}
    visibility: Visibility = "private" if "private" in seen else "public" if seen == {"public"} else ""
    seconds = min((part.seconds for part in known), default=0.0)
    own = min((part.seconds - part.sooner for part in known), default=0.0)
    vary = frozenset[str]().union(*(part.vary for part in known))
    return CacheControl(seconds, visibility, vary, math.ceil(seconds - own))


def without(headers: Headers, *names: str) -> Headers:
    """The headers but for those of these names."""
    return tuple(pair for pair in headers if pair[0] not in names)


def _directives(response: Response) -> Iterable[tuple[str, str]]:
    for value in _values(response, "cache-control"):
        for name, quoted, plain in _DIRECTIVE.findall(value):
            yield name.lower(), quoted or plain


def _values(response: Response, name: str) -> Iterable[str]:
    return (value for key, value in response.headers if key == name)


def _number(text: str) -> float:
    """Seconds, 2^31 at most (RFC 9111, section 1.2.2); what is no number counts as old already (section 4.2.1)."""
    return min(float(text), _FOREVER) if text.isascii() and text.isdigit() else 0.0
