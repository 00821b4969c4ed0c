"""Batching: what is asked in one tick of the event loop, in a short while, or while all calls are out, is asked together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from common.errors import OverloadedError

Q = TypeVar("Q")
A = TypeVar("A")


class Batcher(Generic[Q, A]):
    """Answers questions by `ask`, which takes a batch and gives as many answers in the same order.

    A batch has at most `size` questions, and at most `in_flight` batches are out; what does not fit waits for one to
    return. A batch that is not full waits `delay` seconds for more. What `ask` raises is raised for each question of its batch,
    and an answer that is an error for its own alone. Who stops waiting does not take the question back.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]],
        *,
        size: int = 128,
        in_flight: int = 4,
        waiting: int = 8_192,
        delay: float = 0.0,
    ) -> None:
        self._ask = ask
        self._size = size
        self._in_flight = in_flight
        self._most_waiting = waiting
        self._delay = delay
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._is_due = False

    def submit(self, question: Q) -> asyncio.Future[A]:
        """The answer to come.

        Raises:
            OverloadedError: too many questions are waiting already.
        """
        if len(self._waiting) >= self._most_waiting:
            raise OverloadedError("Too many calls are waiting; try again in a moment")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if len(self._running) < self._in_flight:
            self._schedule(loop)
        return answer

    async def close(self) -> None:
        """Wait for what is out and what waits; ask nothing afterwards."""
        while self._waiting or self._running:
            self._start()
            await asyncio.wait(self._running)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start in this tick, or after the delay; what fills a batch does not wait for it."""
        if self._delay and len(self._waiting) == self._size:
            loop.call_soon(self._start)
        elif not self._is_due:
            self._is_due = True
            loop.call_later(self._delay, self._start)

    def _start(self) -> None:
        self._is_due = False
        while self._waiting and len(self._running) < self._in_flight:
            count = min(self._size, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            task = asyncio.create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()

    async def _run(self, batch: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask([question for question, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is who asked that must know
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in batch:
                future.cancel()  # nothing unless the loop ends this task
