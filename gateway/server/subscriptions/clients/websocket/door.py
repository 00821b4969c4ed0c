"""The handshake: who may open a WebSocket, and which subprotocol is spoken."""

from typing import TYPE_CHECKING

from gateway.server.asgi import Receive, Scope, Send
from gateway.server.http.request import HttpRequest
from gateway.server.subscriptions.clients.websocket.connection import Connection
from gateway.server.subscriptions.clients.websocket.messages import SUBPROTOCOL, CloseCode
from gateway.server.subscriptions.clients.websocket.origin import admitted

if TYPE_CHECKING:
    from gateway.server.router import Router


async def serve_websocket(router: "Router", scope: Scope, receive: Receive, send: Send) -> None:
    """Serves one WebSocket under each generation of the router that it lives to see. A refused handshake gets 403."""
    await receive()
    config, cors = router.generation.config, router.generation.cors
    request = HttpRequest.from_scope({**scope, "method": "POST"})
    allowed = admitted(request, cors, checks=not config.csrf.unsafe_disabled)
    if allowed is None or not config.subscription.enabled:
        await send({"type": "websocket.close"})
    elif SUBPROTOCOL not in scope.get("subprotocols", ()):
        await send({"type": "websocket.accept"})
        reason = f"The subprotocol is {SUBPROTOCOL}"
        await send({"type": "websocket.close", "code": CloseCode.SUBPROTOCOL, "reason": reason})
    else:
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        max_bytes = config.limits.in_force().http_max_request_bytes
        connection = Connection(
            allowed, receive, send, lambda: router.generation.pipeline, max_bytes=max_bytes
        )
        await connection.run()
