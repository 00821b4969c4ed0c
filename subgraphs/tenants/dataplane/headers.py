"""Headers on their way through: what ends at this hop, what only the gateway may say, and what it says itself.

A client can set nothing that an upstream would take for the gateway's word, on any route, whether a key is needed or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from subgraphs.tenants.dataplane.config import HeaderRules

RawHeaders = Iterable[tuple[bytes, bytes]]

IDENTITY_PREFIX = b"x-hansa-"
_HOP_BY_HOP = frozenset(
    (
        *(
            b"connection",
            b"keep-alive",
            b"proxy-connection",
            b"te",
            b"trailer",
            b"transfer-encoding",
            b"upgrade",
        ),
        *(b"proxy-authenticate", b"proxy-authorization", b"proxy-authentication-info"),
    )
)
"""RFC 9110, section 7.6.1, and those that older peers send."""
_OURS = frozenset(
    (
        *(b"host", b"content-length", b"expect"),  # each hop has its own
        *(b"forwarded", b"x-real-ip", b"via", b"traceparent", b"tracestate"),
        *(b"remote-user", b"x-remote-user", b"remote-addr", b"x-client-ip", b"x-cluster-client-ip"),
        *(b"x-original-url", b"x-rewrite-url", b"x-original-uri"),  # another path than was matched
        *(b"x-http-method", b"x-http-method-override", b"x-method-override"),  # another method
        b"proxy",  # would be an environment variable of CGI programs
    )
)
_OUR_PREFIXES = (IDENTITY_PREFIX, b"x-forwarded-")


@lru_cache(maxsize=4096)
def passes(name: bytes) -> bool:
    """Whether a request's header of that name, in lower case, goes on to an upstream.

    An underscore counts as a hyphen: CGI, WSGI and their like cannot tell them apart.
    """
    read = name.replace(b"_", b"-")
    return not (read in _HOP_BY_HOP or read in _OURS or read.startswith(_OUR_PREFIXES))


@lru_cache(maxsize=4096)
def _returned(name: bytes) -> bytes | None:
    """A response's header's name in lower case, if it goes back to the client. The server that answers it sets the date."""
    lowered = name.lower()
    return None if lowered in _HOP_BY_HOP or lowered == b"date" else lowered


def connection_options(headers: RawHeaders) -> frozenset[bytes]:
    """What the Connection headers name, in lower case."""
    fields = [value for name, value in headers if name.lower() == b"connection"]
    return frozenset(option.strip().lower() for field in fields for option in field.split(b","))


def request_lines(headers: RawHeaders, dropped: frozenset[bytes], rules: "Rules") -> bytes:
    """The lines of a request's headers that go on, besides those that the gateway adds. `dropped` ends here, too."""
    gone = dropped | rules.removed if dropped else rules.removed
    lines = [b": ".join(pair) for pair in headers if passes(pair[0]) and pair[0] not in gone]
    return b"\r\n".join((*lines, rules.lines))


def response_headers(headers: Sequence[tuple[bytes, bytes]], rules: "Rules") -> list[tuple[bytes, bytes]]:
    """A target's headers for the client, in lower case."""
    kept = [(known, value) for name, value in headers if (known := _returned(name)) is not None]
    gone = rules.removed
    if len(kept) < len(headers):
        gone |= connection_options(headers)
    if gone:
        kept = [pair for pair in kept if pair[0] not in gone]
    kept.extend(rules.pairs)
    return kept


class Rules:
    """A policy's rules for headers, encoded once."""

    __slots__ = ("lines", "pairs", "removed")

    def __init__(self, rules: HeaderRules) -> None:
        self.pairs = encoded(rules.set)
        self.lines = b"".join(b"%b: %b\r\n" % pair for pair in self.pairs)
        self.removed = frozenset(name.lower().encode() for name in (*rules.remove, *rules.set))


def encoded(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items())
