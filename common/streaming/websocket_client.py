"""WebSockets over TCP, TLS and Unix sockets, by the library `websockets`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from common.http import ConnectError, ProtocolError, TimeoutError_, TransportError, TransportLimits
from common.http.messages import Headers
from common.streaming.websocket import Address, WebSocket, WebSocketClosed

_log = logging.getLogger(__name__)
_LOST = 1006
_CLOSE_TIMEOUT = 2.0


class _Connected:
    """See `WebSocket`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from None


@asynccontextmanager
async def open_websocket(
    address: Address, path: str, subprotocol: str, headers: Headers, limits: TransportLimits
) -> AsyncIterator[WebSocket]:
    """See `Streams.connect`. Pings are the subprotocol's business."""
    connection = await _open(
        address,
        path,
        {
            "subprotocols": [Subprotocol(subprotocol)],
            "additional_headers": headers,
            "user_agent_header": None,
            "compression": None,
            "open_timeout": limits.connect_timeout,
            "close_timeout": _CLOSE_TIMEOUT,
            "ping_interval": None,
            "max_size": limits.max_response_size,
            "logger": _log,
        },
    )
    try:
        if connection.subprotocol != subprotocol:
            raise ProtocolError(f"the server does not speak {subprotocol}")
        yield _Connected(connection)
    finally:
        await connection.close()


async def _open(address: Address, path: str, options: dict[str, Any]) -> ClientConnection:
    try:
        if address.socket is not None:
            return await unix_connect(address.socket, address.url + path, **options)
        return await connect(address.url + path, proxy=None, ssl=address.tls, **options)
    except TimeoutError as error:
        raise TimeoutError_("no handshake in time") from error
    except (OSError, InvalidHandshake, ValueError) as error:
        raise _failure(error) from error


def _failure(error: Exception) -> TransportError:
    if isinstance(error, InvalidStatus):
        return ProtocolError(f"the handshake was answered with {error.response.status_code}")
    return ConnectError(str(error)) if isinstance(error, OSError) else ProtocolError(str(error))


def _closed(error: ConnectionClosed) -> WebSocketClosed:
    frame = error.rcvd
    return WebSocketClosed(_LOST) if frame is None else WebSocketClosed(frame.code, frame.reason)
