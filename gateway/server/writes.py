"""A transport on which a response's head waits for its body: the two are one system call and one segment, which halves what answering costs."""

import asyncio
from typing import Any

_MUCH = 64 * 1024
"""Bytes that are held at most: what follows must feel the transport's own back pressure."""


class GatheredWrites:
    """Writes of one tick of the loop go out together, with `flush` at once; all else is the `transport`'s."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MUCH:
            self.flush()

    def flush(self) -> None:
        """Write what is held; a transport that was lost meanwhile takes nothing."""
        if not self._held:
            return
        data = b"".join(self._held)
        self._held.clear()
        self._size = 0
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Once all is written."""
        self.flush()
        self._transport.close()
