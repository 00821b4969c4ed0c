"""Runs one job's function and tells how it ended; what becomes of that is the worker's."""

import asyncio
import contextvars
from collections.abc import Mapping
from concurrent.futures import Executor
from enum import Enum
from functools import partial
from typing import Any

from common.failpoints import failpoint
from common.jobs import Cancel, Discard, InvalidJobError, JobKind, Retry, Run, Snooze
from subgraphs.jobs.domain.jobs import MAX_ERROR, JobState, encode_result
from subgraphs.jobs.store.claiming import Claimed, Settled, Succeeded

Outcome = Succeeded | Settled


class Ending(Enum):
    """Why a job that runs is to end before it is done: somebody cancelled it, the worker stops, or its jobs are lost."""

    CANCELLED = "cancelled"
    DRAINED = "drained"
    LOST = "lost"


class Execution:
    """One run of `job`; `end` makes it end early."""

    def __init__(self, job: Claimed, kind: JobKind[Any], run: Run[Any]) -> None:
        self.job = job
        self._kind = kind
        self._run = run
        self._ending: Ending | None = None
        self._task: asyncio.Task[Any] | None = None

    def end(self, why: Ending) -> None:
        """Cancel a coroutine, tell a thread; the first reason counts."""
        if self._ending is None:
            self._ending = why
            self._run.is_cancelled = True
            if self._kind.is_async and self._task is not None:
                self._task.cancel()

    async def outcome(self, threads: Executor) -> Outcome | None:
        """How it ended; None when that is nobody's business any more. Runs in a task of its own."""
        self._task = asyncio.current_task()
        try:
            failpoint("jobs.run.before")
            result = await self._result(self._kind.bind(self.job.arguments), threads)
            failpoint("jobs.run.after")
            return Succeeded(self.job.id, self.job.attempt, None if result is None else encode_result(result))
        except Snooze as snooze:
            return self._settled(JobState.SCHEDULED, None, delay=max(snooze.seconds, 0.0), burns=False)
        except (Discard, InvalidJobError) as error:
            return self._settled(JobState.DEAD, error)
        except (Cancel, asyncio.CancelledError) as error:
            return self._ended(error)
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its job's failure
            return self._failed(error)

    async def _result(self, arguments: Mapping[str, Any], threads: Executor) -> object:
        call = partial(self._kind.function, self._run, **arguments)
        limit = self._kind.policy.timeout
        if not self._kind.is_async:
            return await self._result_of_thread(call, limit, threads)
        if limit is None:
            return await call()
        async with asyncio.timeout(limit):
            return await call()

    async def _result_of_thread(self, call: partial[Any], limit: float | None, threads: Executor) -> object:
        """A thread cannot be ended: one that is past its time is told, and waited for."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(limit, self._tell_late) if limit is not None else None
        try:
            return await loop.run_in_executor(threads, contextvars.copy_context().run, call)
        except Cancel:
            if self._run.is_cancelled and self._ending is None:
                raise TimeoutError from None
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _tell_late(self) -> None:
        self._run.is_cancelled = True

    def _ended(self, error: BaseException) -> Outcome | None:
        match self._ending:
            case Ending.LOST:
                return None
            case Ending.DRAINED:
                return self._settled(JobState.READY, None, burns=False)
            case Ending.CANCELLED:
                return self._settled(JobState.CANCELLED, Cancel("asked for"))
            case None if isinstance(error, Cancel):
                return self._settled(JobState.CANCELLED, error)
            case _:
                return self._failed(error)

    def _failed(self, error: BaseException) -> Settled:
        if self.job.attempt >= self.job.max_attempts:
            return self._settled(JobState.DEAD, error)
        delay = error.after if isinstance(error, Retry) else None
        if delay is None:
            delay = self._kind.policy.backoff.delay(self.job.attempt)
        return self._settled(JobState.SCHEDULED, error, delay=max(delay, 0.0))

    def _settled(
        self, state: JobState, error: BaseException | None, *, delay: float = 0.0, burns: bool = True
    ) -> Settled:
        text = None if error is None else f"{type(error).__name__}: {error}"[:MAX_ERROR].replace("\0", "")
        return Settled(self.job.id, self.job.attempt, state, error=text, delay=delay, burns=burns)
