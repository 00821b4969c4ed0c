"""What the gateway looks at in a request, read once, and refused where two servers could read it differently."""

from typing import Any

from msgspec import Struct

from subgraphs.tenants.dataplane.headers import connection_options
from subgraphs.tenants.dataplane.paths import understood
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.routing import host_of

RawHeaders = list[tuple[bytes, bytes]]

_SINGLE = frozenset(
    (
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"authorization",
        b"x-api-key",
        b"content-type",
        b"origin",
    )
)
"""Fields of which one server takes the first and another the last."""
_NONE: frozenset[bytes] = frozenset()


class IncomingRequest(Struct, frozen=True):
    """`path` is as it came and is forwarded so, `matched` what a server understands by it; `options` are the Connection's."""

    method: str
    host: str
    host_field: bytes
    path: bytes
    matched: bytes
    query: bytes
    headers: RawHeaders
    fields: dict[bytes, bytes]
    options: frozenset[bytes]
    client: str
    scheme: str

    @property
    def has_body(self) -> bool:
        return b"transfer-encoding" in self.fields or self.fields.get(b"content-length", b"0") != b"0"


def read_request(scope: Any) -> IncomingRequest:
    """The request of an ASGI scope, of HTTP or a WebSocket. Raises Refusal."""
    headers: RawHeaders = scope["headers"]
    fields = dict(headers)
    if len(fields) != len(headers):
        _refuse_repeated(headers)
    _check_framing(scope, fields)
    host_field = fields.get(b"host")
    host = host_of(host_field) if host_field is not None else None
    if host_field is None or host is None:
        raise Refusal(400, Rule.MESSAGE, "The Host field is missing or names no host")
    path: bytes = scope["raw_path"]
    matched = understood(path)
    if matched is None:
        raise Refusal(400, Rule.PATH, "Servers would differ about this path")
    client = scope.get("client")
    return IncomingRequest(
        scope.get("method", "GET"),
        host,
        host_field,
        path,
        matched,
        scope["query_string"],
        headers,
        fields,
        connection_options(headers) if b"connection" in fields else _NONE,
        client[0] if client else "",
        scope["scheme"],
    )


def _refuse_repeated(headers: RawHeaders) -> None:
    seen = set()
    for name, _ in headers:
        if name in seen and name in _SINGLE:
            raise Refusal(400, Rule.MESSAGE, f"The field {name.decode('latin-1')} is there twice")
        seen.add(name)


def _check_framing(scope: Any, fields: dict[bytes, bytes]) -> None:
    coding = fields.get(b"transfer-encoding")
    if coding is None:
        return
    if b"content-length" in fields:
        raise Refusal(
            400, Rule.MESSAGE, "Content-Length and Transfer-Encoding cannot both say where the message ends"
        )
    if scope["http_version"] == "1.0":
        raise Refusal(400, Rule.MESSAGE, "HTTP/1.0 has no transfer codings")
    if coding.lower() != b"chunked":
        raise Refusal(501, Rule.MESSAGE, "The only transfer coding is chunked")
