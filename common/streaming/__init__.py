"""Answers that come piece by piece, and WebSockets: over TCP, TLS and Unix sockets, or from an application in this process.

One protocol, `Streams`, for all of them, opened by URL like `common.http`'s `Transport`. Each stream has a connection of
its own, which ends with it. It knows nothing of GraphQL.
"""

from common.streaming.response import StreamedResponse
from common.streaming.streams import Streams, open_streams
from common.streaming.websocket import WebSocket, WebSocketClosed

__all__ = ["StreamedResponse", "Streams", "WebSocket", "WebSocketClosed", "open_streams"]
