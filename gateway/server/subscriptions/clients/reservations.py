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
        self._messages: asyncio.Queue[bytes] = asyncio.Queue(_ROOM)
        self._stopped = asyncio.Event()

    async def put(self, event: str, message: Mapping[str, Any]) -> None:
        """Waits until there is room."""
        await self._messages.put(b"event: " + event.encode() + b"\ndata: " + _encode(message) + b"\n\n")

    def stop(self) -> None:
        """The stream ends without a word: a client takes it for lost, and reserves another."""
        self._stopped.set()

    async def events(self) -> AsyncIterator[bytes]:
        """What the client reads."""
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            while not stopped.done():
                message = asyncio.ensure_future(self._messages.get())
                await asyncio.wait({message, stopped}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    message.cancel()
                yield message.result() if message.done() else b":\n\n"
        finally:
            stopped.cancel()
            self.carrier.close()


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

    def stop(self) -> None:
        """Ends all streams, since the router stops."""
        for reservation in self._by_token.values():
            reservation.stop()

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
        if not isinstance(failure, Stopping):  # which ends the stream as a whole
            await self.refused(id_, [failure.error])

    async def complete(self, id_: str) -> None:
        await self._reservation.put("complete", {"id": id_})
