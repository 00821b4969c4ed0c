"""A transport on which a response's head waits for its body: the two are one system call and one segment, which halves what answering costs."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

_PATIENCE = 0.002
"""Seconds that a head waits for a body at most. One timer serves all connections: a step of the loop for each would cost what is saved."""


class HeadWithBody:
    """Holds the first write after `expect_head` until the next one, `flush` or a moment later; all else is the `transport`'s."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._late = _late()
        self._expects_head = False
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def expect_head(self) -> None:
        """What is written next is the head of a response."""
        self._expects_head = True

    def write(self, data: bytes) -> None:
        if self._expects_head:
            self._expects_head = False
            self._held += data
            self._late.add(self)
            return
        held, self._held = self._held, b""
        self._transport.write(held + data if held else data)

    def flush(self) -> None:
        """Write what is held; a transport that was lost meanwhile takes nothing."""
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)

    def close(self) -> None:
        """Once all is written."""
        self.flush()
        self._transport.close()


class _Late:
    """Flushes connections of one loop a moment after they were added."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[HeadWithBody] = []

    def add(self, connection: HeadWithBody) -> None:
        if not self._waiting:
            self._loop.call_later(_PATIENCE, self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.flush()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Late] = WeakKeyDictionary()


def _late() -> _Late:
    loop = asyncio.get_running_loop()
    found = _of_loops.get(loop)
    if found is None:
        found = _of_loops[loop] = _Late(loop)
    return found
