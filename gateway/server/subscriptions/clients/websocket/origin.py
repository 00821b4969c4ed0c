"""Which pages may open a WebSocket, and as whom (RFC 6455, section 10.2).

A browser opens one for any site's page and sends the user's cookies along, with no preflight and no CORS: what those
would say is asked of the same policies here.
"""

from msgspec.structs import replace

from gateway.server.http.cors import CrossOrigin
from gateway.server.http.request import HttpRequest

_OF_THE_USER = frozenset({b"cookie", b"authorization"})


def admitted(request: HttpRequest, cors: CrossOrigin | None, *, checks: bool) -> HttpRequest | None:
    """The request as far as it counts; None where it comes from a page that may not open a WebSocket.

    A page of another origin speaks for its user only where its policy allows credentials. No browser, no origin: what a
    program sends counts as it is. `checks` is false where prevention of forged requests is switched off.
    """
    origin = request.header(b"origin")
    if origin is None or not checks or _is_own(origin, request):
        return request
    policy = None if cors is None else cors.policy(origin)
    if policy is None:
        return None
    return request if policy.allows_credentials else _anonymous(request)


def _is_own(origin: str, request: HttpRequest) -> bool:
    return origin.partition("://")[2].lower() == (request.header(b"host") or "").lower()


def _anonymous(request: HttpRequest) -> HttpRequest:
    kept = [pair for pair in request.raw_headers if pair[0] not in _OF_THE_USER]
    return replace(request, headers=dict(kept), raw_headers=kept)
