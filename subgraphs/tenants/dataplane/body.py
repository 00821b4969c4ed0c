"""A request's body on its way to an upstream: whole if it is small, else as it comes, at the pace of whoever takes it.

Once a body was begun to be read there is no second time for it, unless all of it is here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from common.http import TransportError
from subgraphs.tenants.dataplane.request import IncomingRequest
from subgraphs.tenants.dataplane.upstream import Connection

Receive = Callable[[], Awaitable[Any]]


class ClientFault(TransportError):  # noqa: N818 - a fact
    """The request does not come as it should; the target has no part in it."""


class ClientGone(ClientFault):
    """The client has hung up: nobody waits for the answer."""

    code = "CLIENT_GONE"
    reason = "client closed the request"


class BodyTooLarge(ClientFault):
    """The body is larger than the policy allows, which was not told beforehand."""

    code = "BODY_TOO_LARGE"
    reason = "body too large"


class BodyTooSlow(ClientFault):
    """The next piece of the body did not come in time."""

    code = "BODY_TOO_SLOW"
    reason = "body too slow"


class RequestBody:
    """`size` is what was read of it so far. Each piece has `patience` seconds to come, all of them `most` bytes."""

    def __init__(
        self, request: IncomingRequest, receive: Receive, *, most: int | None, patience: float
    ) -> None:
        self._receive = receive
        self._patience = patience
        self._most = most
        length = request.fields.get(b"content-length")
        self._is_chunked = length is None
        self._length = length or b""
        self._first = b""
        self._more = request.has_body
        self.size = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read."""
        return not self._more

    @property
    def is_repeatable(self) -> bool:
        """Whether all of it is here, and so can be sent again."""
        return not self._more and self.size == len(self._first)

    async def begin(self) -> None:
        """Read what is there; most bodies are whole then. Raises ClientGone, BodyTooLarge, BodyTooSlow."""
        if self._most is not None and self._length and int(self._length) > self._most:
            raise BodyTooLarge
        if self._more and not self.size:
            self._first = await self._next()

    def framing(self, method: str) -> bytes:
        """The header line by which the target knows the end."""
        if self._more:
            return (
                b"transfer-encoding: chunked\r\n"
                if self._is_chunked
                else b"content-length: %b\r\n" % self._length
            )
        if self._first or method in {"POST", "PUT", "PATCH"}:
            return b"content-length: %d\r\n" % len(self._first)
        return b""

    def first(self) -> bytes:
        """What goes out with the head."""
        return self._framed(self._first) if self._more else self._first

    async def pump(self, connection: Connection) -> None:
        """Send the rest as it comes, then wait for the client to go. What goes wrong is told to `connection`."""
        try:
            while self._more:
                piece = await self._next()
                await connection.write(self._framed(piece))
            while True:
                if (await self._receive())["type"] != "http.request":
                    raise ClientGone
        except TransportError as error:
            if not connection.has_ended:
                connection.fail(error)

    def _framed(self, piece: bytes) -> bytes:
        if not self._is_chunked:
            return piece
        chunk = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
        return chunk if self._more else chunk + b"0\r\n\r\n"

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] != "http.request":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        self.size += len(piece)
        if self._most is not None and self.size > self._most:
            raise BodyTooLarge
        return piece
