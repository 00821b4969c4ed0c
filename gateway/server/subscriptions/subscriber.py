"""One of those who listen to a source stream: what waits for it, and how it learns of the end."""

import asyncio
from collections import deque
from enum import Enum
from typing import Final

from gateway.server.subscriptions.errors import SlowConsumer, StreamError


class Event:
    """One event of a source stream, shared by all who listen; `responses` are what it has become for some of them."""

    __slots__ = ("body", "responses")

    def __init__(self, body: bytes) -> None:
        self.body: Final = body
        self.responses: dict[object, bytes] = {}


class Signal(Enum):
    """What there is instead of an event."""

    SILENCE = "silence"
    END = "end"


class Subscriber:
    """A queue of `capacity` events at most. One more, and it has failed; what waits is delivered all the same."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._failure: StreamError | None = None
        self._is_ended = False

    def offer(self, event: Event) -> None:
        """Never waits."""
        if self._is_ended:
            return
        if len(self._events) >= self._capacity:
            self.end(SlowConsumer(self._capacity))
            return
        self._events.append(event)
        self._wake()

    def end(self, failure: StreamError | None = None) -> None:
        """No more events will come. The first call counts."""
        if not self._is_ended:
            self._is_ended, self._failure = True, failure
            self._wake()

    async def next(self, until: float | None = None) -> Event | Signal:
        """The next event, the end, or silence at the loop's time `until`. Raises what ended the stream early."""
        while not self._events:
            if self._failure is not None:
                raise self._failure
            if self._is_ended:
                return Signal.END
            if not await self._wait(until):
                return Signal.SILENCE
        return self._events.popleft()

    async def _wait(self, until: float | None) -> bool:
        """Whether there is something new."""
        loop = asyncio.get_running_loop()
        if until is not None and until <= loop.time():
            return False
        self._waiting = loop.create_future()
        timer = None if until is None else loop.call_at(until, self._wake)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()
        return bool(self._events) or self._is_ended

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
