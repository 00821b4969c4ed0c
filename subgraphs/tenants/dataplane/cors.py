"""Which pages of other origins may ask, and read the answers (Fetch, section 3.2)."""

from subgraphs.tenants.dataplane.config import Cors
from subgraphs.tenants.dataplane.request import IncomingRequest

Headers = list[tuple[bytes, bytes]]

_VARY = (b"vary", b"origin")


def is_preflight(request: IncomingRequest) -> bool:
    """Whether a browser asks if a page may ask; there is no key in it."""
    return (
        request.method == "OPTIONS"
        and b"origin" in request.fields
        and b"access-control-request-method" in request.fields
    )


def preflight_headers(cors: Cors, request: IncomingRequest) -> Headers:
    """The answer's headers, without which the browser refuses."""
    headers = response_headers(cors, request)
    if len(headers) > 1:
        headers.append((b"access-control-allow-methods", ", ".join(cors.methods).encode()))
        headers.append((b"access-control-max-age", str(cors.max_age).encode()))
        if cors.headers:
            headers.append((b"access-control-allow-headers", ", ".join(cors.headers).encode()))
    return headers


def response_headers(cors: Cors, request: IncomingRequest) -> Headers:
    """What is added to any answer; only `Vary` where the origin may not read it."""
    origin = request.fields.get(b"origin", b"").decode("latin-1")
    if not origin or ("*" not in cors.origins and origin not in cors.origins):
        return [_VARY]
    allowed = "*" if "*" in cors.origins else origin
    headers = [_VARY, (b"access-control-allow-origin", allowed.encode("latin-1"))]
    if cors.credentials:
        headers.append((b"access-control-allow-credentials", b"true"))
    if cors.expose:
        headers.append((b"access-control-expose-headers", ", ".join(cors.expose).encode()))
    return headers


def without_cors(headers: Headers) -> Headers:
    """A target's headers without its own answer to the same question."""
    return [pair for pair in headers if not pair[0].startswith(b"access-control-")]
