"""Operations that are ready to run, kept by their text.

A client sends few documents many times: each is parsed, validated, planned and compiled once. Requests for
one that is being prepared wait for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Prepared = TypeVar("Prepared")
Key = tuple[str, str | None]


class OperationCache(Generic[Prepared]):
    """The operations used last, bounded by their number and by the characters of their documents."""

    def __init__(
        self,
        prepare: Callable[[str, str | None], Awaitable[Prepared]],
        *,
        max_operations: int = 1024,
        max_characters: int = 16_000_000,
    ) -> None:
        self._prepare = prepare
        self._max_operations = max_operations
        self._max_characters = max_characters
        self._characters = 0
        self._ready: OrderedDict[Key, Prepared] = OrderedDict()
        self._pending: dict[Key, asyncio.Task[Prepared]] = {}

    def __len__(self) -> int:
        return len(self._ready)

    def cached(self, document: str, operation_name: str | None) -> Prepared | None:
        """The operation if it is ready."""
        key = (document, operation_name)
        operation = self._ready.get(key)
        if operation is not None:
            self._ready.move_to_end(key)
        return operation

    async def get(self, document: str, operation_name: str | None) -> Prepared:
        """The operation, prepared now if need be; what preparing raises goes to all who wait, and is not kept."""
        ready = self.cached(document, operation_name)
        if ready is not None:
            return ready
        key = (document, operation_name)
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.create_task(self._prepare_and_keep(key))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    async def _prepare_and_keep(self, key: Key) -> Prepared:
        try:
            operation = await self._prepare(*key)
        finally:
            del self._pending[key]
        self._ready[key] = operation
        self._characters += len(key[0])
        while len(self._ready) > self._max_operations or self._characters > self._max_characters:
            (document, _), _ = self._ready.popitem(last=False)
            self._characters -= len(document)
        return operation


def _retrieve(task: asyncio.Task[Prepared]) -> None:
    """Marks an error as seen, where everyone who waited for it is gone."""
    if not task.cancelled():
        task.exception()
