"""Server-sent events in graphql-sse's single connection mode: one stream, and the operations that it carries.

A client reserves a stream, opens it with the token that it got, and sends operations beside it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.server.errors import RequestError, error_body
from gateway.server.subscriptions.clients.carrier import Carrier
from gateway.server.subscriptions.clients.framing import HEARTBEAT
from gateway.server.subscriptions.errors import Stopping, StreamError

_MAX_UNUSED = 1000
_UNUSED_SECONDS = 30.0
_ROOM = 64
_encode = msgspec.json.Encoder().encode


class Reservation:
    """One stream. It ends with the connection that reads it."""

    def __init__(self) -> None:
        self.token: Final = secrets.token_urlsafe(24)
        self.carrier: Final = Carrier(_Sink(self))
        self.is_open = False
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue(_ROOM)

    async def put(self, event: str, message: Mapping[str, Any]) -> None:
        """Waits until there is room."""
        await self._messages.put(b"event: " + event.encode() + b"\ndata: " + _encode(message) + b"\n\n")

    async def put_end(self) -> None:
        """The stream ends after what has been put."""
        await self._messages.put(None)

    async def events(self) -> AsyncIterator[bytes]:
        """What the client reads."""
        try:
            while (message := await self._next()) is not None:
                yield message
        finally:
            self.carrier.close()

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(HEARTBEAT):
                return await self._messages.get()
        except TimeoutError:
            return b":\n\n"


class Reservations:
    """Those of one router, by their tokens. One that is not opened in time is gone."""

    def __init__(self) -> None:
        self._by_token: dict[str, Reservation] = {}

    def make(self) -> Reservation:
        """Raises RequestError where too many wait to be opened."""
        if sum(not each.is_open for each in self._by_token.values()) >= _MAX_UNUSED:
            raise RequestError(503, [error_body("Too many streams are reserved", "TOO_MANY_RESERVATIONS")])
        made = Reservation()
        self._by_token[made.token] = made
        asyncio.get_running_loop().call_later(_UNUSED_SECONDS, self._expire, made)
        return made

    def find(self, token: str) -> Reservation:
        """Raises RequestError (404)."""
        found = self._by_token.get(token)
        if found is None:
            raise RequestError(404, [error_body("No such stream", "STREAM_NOT_FOUND")])
        return found

    def open(self, token: str) -> AsyncIterator[bytes]:
        """What the client reads, of a stream that is not open yet. Raises RequestError (404, 409)."""
        found = self.find(token)
        if found.is_open:
            raise RequestError(409, [error_body("The stream is open", "STREAM_ALREADY_OPEN")])
        found.is_open = True
        return self._events(found)

    async def _events(self, reservation: Reservation) -> AsyncIterator[bytes]:
        try:
            async for event in reservation.events():
                yield event
        finally:
            del self._by_token[reservation.token]

    def _expire(self, reservation: Reservation) -> None:
        if not reservation.is_open:
            self._by_token.pop(reservation.token, None)
            reservation.carrier.close()


class _Sink:
    """See `Sink`."""

    def __init__(self, reservation: Reservation) -> None:
        self._reservation = reservation

    async def next(self, id_: str, payload: bytes) -> None:
        await self._reservation.put("next", {"id": id_, "payload": msgspec.Raw(payload)})

    async def refused(self, id_: str, errors: Sequence[Mapping[str, Any]]) -> None:
        await self._reservation.put("next", {"id": id_, "payload": {"errors": errors}})
        await self.complete(id_)

    async def failed(self, id_: str, failure: StreamError) -> None:
        if isinstance(failure, Stopping):
            await self._reservation.put_end()
        else:
            await self.refused(id_, [failure.error])

    async def complete(self, id_: str) -> None:
        await self._reservation.put("complete", {"id": id_})
