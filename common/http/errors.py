"""Why a request got no response. A response of any status is none of these."""

from typing import ClassVar


class TransportError(Exception):
    """A request failed before a whole response was there.

    `code` is stable and for programs. `reason` is a fixed phrase that names no address and quotes no peer,
    so that it can be shown to a client; what the peer or the system said is in the exception's text.
    """

    code: ClassVar[str] = "TRANSPORT_ERROR"
    reason: ClassVar[str] = "transport failure"


class ConnectError(TransportError):
    """No connection: refused, unknown host, TLS not agreed, or closed before a byte was answered."""

    code = "CONNECT_ERROR"
    reason = "connection refused"


class ConnectionLost(ConnectError):  # noqa: N818 - says what happened
    """The peer closed the connection before it answered a byte."""

    code = "CONNECTION_LOST"
    reason = "connection closed"


class Unprocessed(ConnectionLost):
    """The peer has said that it did not act on the request: it may be sent again, whatever it asks."""


class TimeoutError_(TransportError):  # noqa: N801, N818 - the underscore keeps it apart from the built-in
    """The time that was given ran out: waiting for a connection, connecting, or for the response."""

    code = "TIMEOUT"
    reason = "timed out"


class NotSent(TransportError):  # noqa: N818 - says what happened
    """The request was kept back on this side, by a limit or since the peer is known to fail.

    A subclass says which by its `code` and `reason`, and both can be shown to a client.
    """


class ResponseTooLarge(TransportError):  # noqa: N818 - says what happened
    """The response's body, encoded or decoded, is larger than the limit."""

    code = "RESPONSE_TOO_LARGE"
    reason = "response too large"


class ProtocolError(TransportError):
    """What came is not a whole HTTP response: garbage, half a body, an unknown or broken coding."""

    code = "PROTOCOL_ERROR"
    reason = "malformed HTTP response"
