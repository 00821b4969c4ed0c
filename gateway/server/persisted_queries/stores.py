"""Where documents are kept by their SHA-256: in memory, and behind it in a store that several routers share."""

import asyncio
from collections.abc import Coroutine
from hashlib import sha256
from typing import Any, Protocol

from gateway.server.lru import LeastRecentlyUsed

_MAX_CHARACTERS = 16_000_000
_MAX_WRITES = 100


class DocumentStore(Protocol):
    """Keeps documents' texts by their SHA-256 in lower-case hexadecimal digits; it may forget any, and fails never."""

    async def get(self, digest: str) -> str | None: ...

    async def put(self, digest: str, text: str) -> None: ...

    async def close(self) -> None: ...


class MemoryDocuments:
    """The documents used last, `limit` of them at most."""

    def __init__(self, limit: int) -> None:
        self._texts = LeastRecentlyUsed[str, str](
            max_entries=limit, max_size=_MAX_CHARACTERS, size_of=lambda _, text: len(text)
        )

    async def get(self, digest: str) -> str | None:
        return self._texts.get(digest)

    async def put(self, digest: str, text: str) -> None:
        self._texts.put(digest, text)

    async def close(self) -> None:
        """Nothing is open."""


class LayeredDocuments:
    """`near`, and what it lacks out of `far`, which is written without anybody waiting for it.

    What `far` gives is believed only where it has the hash that was asked for: others write there, too.
    """

    def __init__(self, near: DocumentStore, far: DocumentStore) -> None:
        self._near = near
        self._far = far
        self._writes: set[asyncio.Task[None]] = set()

    async def get(self, digest: str) -> str | None:
        text = await self._near.get(digest)
        if text is None:
            text = await self._far.get(digest)
            if text is None or digest_of(text) != digest:
                return None
            await self._near.put(digest, text)
        return text

    async def put(self, digest: str, text: str) -> None:
        if await self._near.get(digest) is None:
            await self._near.put(digest, text)
            self._begin(self._far.put(digest, text))

    async def close(self) -> None:
        await asyncio.gather(*self._writes)
        await self._near.close()
        await self._far.close()

    def _begin(self, write: Coroutine[Any, Any, None]) -> None:
        if len(self._writes) >= _MAX_WRITES:
            write.close()
            return
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)


def digest_of(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
