"""How many exchanges of a worker are under way at once, and how to be alone with what they change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

MAX_TURNS = 2  # one waits for the disk while jobs run and the other is made ready


class Turns:
    """Tasks beside one another; `moved` is set when one ends, and by whoever knows of more to do."""

    def __init__(self) -> None:
        self.moved = asyncio.Event()
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def are_taken(self) -> bool:
        return len(self._tasks) >= MAX_TURNS

    def __len__(self) -> int:
        return len(self._tasks)

    async def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin `work`, once nobody is alone."""
        async with self._starting:
            task = asyncio.create_task(work(), name="exchange of a worker")
            self._tasks.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.moved.set()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """None is under way for the length of the block."""
        async with self._starting:
            if self._tasks:
                await asyncio.wait(self._tasks)
            yield

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
