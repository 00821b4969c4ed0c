"""The services' HTTP doors behind the router's address: requests are passed on, wherever a service runs.

`/graphql` is not among them: operations come through the router. A client's copies of the platform's own headers
are dropped on the way, as the router drops them, and its address goes with the request.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from common.http import Request, Transport, TransportError
from gateway.server.asgi import ASGIApp
from gateway.server.headers import CLIENT_ADDRESS_HEADER

_TIMEOUT = 30.0
_MAX_BODY = 16 * 1024 * 1024
_NOT_PASSED = frozenset(
    {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


class ServiceDoors:
    """An ASGI app that gives `/NAME/...` to the service NAME, by its transport, and everything else to `app`."""

    def __init__(self, app: ASGIApp, transports: Mapping[str, Transport]) -> None:
        self._app = app
        self._transports = transports

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name, path = _addressed(str(scope.get("path", "")))
        transport = self._transports.get(name)
        if scope["type"] == "http" and transport is not None:
            await _pass_on(transport, path, scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _addressed(path: str) -> tuple[str, str]:
    """The service that a path names, and what of the path is for it.

    What is known of a service by its address may stand before it: `/.well-known/X/NAME` (RFC 8414 section 3.1).
    """
    first, _, rest = path.removeprefix("/").partition("/")
    if first != ".well-known":
        return first, "/" + rest
    document, _, name = rest.partition("/")
    return name, f"/.well-known/{document}"


async def _pass_on(transport: Transport, path: str, scope: Any, receive: Any, send: Any) -> None:
    if path.strip("/") == "graphql":
        await _answer(send, 404, "Not found")
        return
    body = await _read(receive)
    if body is None:
        await _answer(send, 413, "The body is too large")
        return
    try:
        response = await transport.send(_request(scope, path, body), timeout=_TIMEOUT)
    except TransportError:
        await _answer(send, 502, "The service does not answer")
        return
    headers = [pair for pair in response.headers if pair[0] not in _NOT_PASSED]
    await _send(send, response.status, headers, response.body)


def _request(scope: Any, path: str, body: bytes) -> Request:
    query = scope.get("query_string", b"").decode("latin-1")
    target = quote(path, safe="/:@!$&'()*+,;=~-._") + (f"?{query}" if query else "")
    headers = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    passed = [pair for pair in headers if pair[0] not in _NOT_PASSED and not pair[0].startswith("hansa-")]
    address = (scope.get("client") or ("",))[0]
    if address:
        passed.append((CLIENT_ADDRESS_HEADER, address))
    return Request(path=target, body=body, method=scope["method"], headers=tuple(passed))


async def _read(receive: Any) -> bytes | None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _MAX_BODY:
            return None
    return body


async def _answer(send: Any, status: int, title: str) -> None:
    body = json.dumps({"type": "about:blank", "title": title, "status": status}).encode()
    await _send(send, status, [("content-type", "application/problem+json")], body)


async def _send(send: Any, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
