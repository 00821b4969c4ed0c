"""What HTTP/1.1 connections of a client share: the transport below, room to write, and timers for what is waited for."""

import asyncio
from collections.abc import Callable
from typing import cast


class Timer:
    """Calls back once a deadline is over that is set, and taken back, for each of many exchanges.

    One timer of the loop serves them all: it looks again when it goes off, and is set anew only to go off earlier.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: float | None = None
        self._on_due: Callable[[], None] = _nothing
        self._handle: asyncio.TimerHandle | None = None
        self._goes_off_at = 0.0

    def set(self, seconds: float, on_due: Callable[[], None]) -> None:
        """Call `on_due` in so many seconds, in the place of what was set before."""
        self._due = due = self._loop.time() + seconds
        self._on_due = on_due
        if self._handle is None or self._goes_off_at > due:
            self._arm(due)

    def clear(self) -> None:
        """Call nothing any more."""
        self._due = None
        self._on_due = _nothing

    def close(self) -> None:
        self.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, due: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._goes_off_at = due
        self._handle = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._handle = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._arm(self._due)
            return
        on_due = self._on_due
        self.clear()
        on_due()


def _nothing() -> None:
    """What a timer calls that nobody has set."""


class Wire(asyncio.Protocol):
    """A connection over which one exchange goes at a time. `deadline` is for what an exchange waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._room_to_write: asyncio.Future[None] | None = None
        self._idle_since = 0.0
        self._deadline = Timer()

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def idle_for(self) -> float:
        """Seconds since the last exchange."""
        return self._loop.time() - self._idle_since

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _rest(self) -> None:
        """The exchange is over."""
        self._deadline.clear()
        self._idle_since = self._loop.time()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._transport = None
        self._deadline.close()

    def pause_writing(self) -> None:
        self._room_to_write = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._room_to_write is not None and not self._room_to_write.done():
            self._room_to_write.set_result(None)
        self._room_to_write = None
