"""HTTP requests to services: over TCP, TLS and Unix sockets, or to an application in this process.

One protocol, `Transport`, for all of them, opened by URL. It knows nothing of GraphQL; what a response
means is for the caller to say.
"""

from common.http.errors import (
    ConnectError,
    NotSent,
    ProtocolError,
    ResponseTooLarge,
    TimeoutError_,
    TransportError,
)
from common.http.in_process import ASGIApp
from common.http.messages import Http2, Request, Response, TransportLimits
from common.http.transport import Transport, open_transport

__all__ = [
    "ASGIApp",
    "ConnectError",
    "Http2",
    "NotSent",
    "ProtocolError",
    "Request",
    "Response",
    "ResponseTooLarge",
    "TimeoutError_",
    "Transport",
    "TransportError",
    "TransportLimits",
    "open_transport",
]
