"""One WebSocket of a client to uvicorn: where what uvicorn makes of it is not what has happened."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One that may be refused by an answer of the app's own, and that may be closing when the server stops."""

    async def send(self, message: Any) -> None:
        """Uvicorn takes an app that has refused by a Denial Response for one that has answered nothing, and logs an error."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def shutdown(self) -> None:
        """Uvicorn closes again what its client has just closed, is refused, and stops no further: not even the app."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()
