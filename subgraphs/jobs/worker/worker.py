"""The worker: takes jobs in batches, runs them beside one another, tells how they ended, and says that it lives.

It holds all jobs in its hand by one lease, its row, which it renews every two seconds. One that was silent for ten loses
them; what it then says about them is not heard. Leaving in good order it hands back what it has not done, at no attempt's cost.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.database import Database, RetryableError, Transaction
from common.failpoints import failpoint
from common.ids import new_id
from common.jobs import JobKind, Run, WorkerOptions
from common.telemetry import Telemetry
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.domain.queues import QUEUE
from subgraphs.jobs.store import claiming, workers
from subgraphs.jobs.store.claiming import PLANS, Claimed, Settled
from subgraphs.jobs.worker.exchange import Taker, tell
from subgraphs.jobs.worker.execution import Ending, Execution
from subgraphs.jobs.worker.hand import Exchange, Hand
from subgraphs.jobs.worker.turns import Turns

logger = logging.getLogger(__name__)

BEAT_INTERVAL = 2.0  # seconds
SILENCE = timedelta(seconds=10)
POLL_INTERVAL = 0.2  # seconds
TELL_DELAY = 0.005  # seconds that an outcome waits for others
RETRY_INTERVAL = 0.5  # seconds
THREAD_GRACE = 5.0  # seconds more for threads that were told to end


class Worker:
    """Runs jobs of `kinds`; `resources` are by kind. `wake` is set by whoever knows that there are new jobs."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, JobKind[Any]],
        resources: Mapping[str, Any],
        options: WorkerOptions,
        *,
        telemetry: Telemetry | None = None,
        wake: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._resources = resources
        self._options = options
        self._telemetry = telemetry
        self._wake = wake or asyncio.Event()
        self._threads = ThreadPoolExecutor(options.concurrency, thread_name_prefix="job")
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = Turns()
        self._is_draining = False
        self._is_uncertain = False
        self._may_be_more = False
        self._begin_as(new_id())

    def _begin_as(self, worker_id: UUID) -> None:
        self.id = worker_id
        self._hand = Hand(self._options.concurrency)
        self._taker = Taker(self.id, self._options.queues, list(self._kinds))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain."""
        with suppress_instrumentation():  # its polling is no part of any trace
            await self._persist(partial(self._register, self.id))
            beating = asyncio.create_task(self._beat(), name="beat of a worker")
            exchanging = asyncio.create_task(self._exchange_for_ever(), name="exchanges of a worker")
            try:
                await stop.wait()
                await self._drain()
            finally:
                exchanging.cancel()
                beating.cancel()
                await asyncio.gather(exchanging, beating, return_exceptions=True)
                await self._turns.cancel()
                self._threads.shutdown(wait=False)

    # With the database

    async def _register(self, worker_id: UUID) -> None:
        async with self._database.transaction() as transaction:
            await workers.register(
                transaction,
                worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                queues=self._options.queues,
                concurrency=self._options.concurrency,
            )

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`, as often as it takes while the database refuses."""
        while True:
            try:
                await work()
            except RetryableError as error:
                logger.warning("a worker waits for the database: %s", error)
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                return

    async def _exchange_for_ever(self) -> None:
        while True:
            await self._until_due()
            if self._is_uncertain:
                async with self._turns.alone():
                    await self._try_exchange()
            else:
                await self._turns.start(self._try_exchange)

    async def _until_due(self) -> None:
        """Until there is a batch to exchange or, while no exchange is under way, anything to tell, or time to look."""
        while not self._has_batch():
            if not self._turns:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL):
                        await self._wake.wait()
                return
            self._turns.moved.clear()
            await self._turns.moved.wait()

    def _has_batch(self) -> bool:
        hand = self._hand
        is_batch = len(hand.told) >= hand.batch or (self._may_be_more and hand.room >= hand.batch)
        return is_batch and not self._turns.are_taken

    async def _try_exchange(self) -> None:
        try:
            await self._exchange()
        except RetryableError as error:
            logger.warning("a worker tries again: %s", error)
            await asyncio.sleep(RETRY_INTERVAL)
        except Exception:
            logger.exception("a worker cannot go on and tries again")
            await asyncio.sleep(RETRY_INTERVAL)

    async def _exchange(self) -> None:
        """Tell and take in one transaction, and start what was taken."""
        self._wake.clear()
        hand, reclaims = self._hand, self._is_uncertain
        exchange = hand.begin(takes=not self._is_draining)
        try:
            rejected, jobs = await self._commit(exchange, reclaims=reclaims)
        except BaseException:
            hand.abort(exchange)
            self._is_uncertain = True
            raise
        if reclaims:
            self._is_uncertain = False
        if exchange.places:
            self._may_be_more = len(jobs) == exchange.places
        hand.complete(exchange, jobs)
        if rejected:
            logger.warning("%d jobs that this worker has done were another's already", rejected)
        self._start_waiting()

    async def _commit(self, exchange: Exchange, *, reclaims: bool) -> tuple[int, Sequence[Claimed]]:
        """How many of the outcomes were no longer this worker's to tell, and the jobs that it took.

        With `reclaims` what an earlier exchange took whose end is unknown goes back first.
        """
        jobs: Sequence[Claimed] = ()
        async with self._database.transaction(opening=PLANS) as transaction:
            rejected = await tell(transaction, self.id, exchange.told)
            if reclaims:
                await claiming.return_unknown(transaction, self.id, self._hand.ids())
            if exchange.places:
                jobs = await self._taker.take(transaction, exchange.places, time.monotonic())
            if len(exchange.told) or jobs:
                self._tell_watchers(transaction)
            failpoint("jobs.exchange.before_commit")
        failpoint("jobs.exchange.after_commit")
        return rejected, jobs

    def _tell_watchers(self, transaction: Transaction) -> None:
        for queue in self._options.queues:
            transaction.changed(QUEUE, queue)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_INTERVAL)
            try:
                async with self._database.transaction() as transaction:
                    beat = await workers.beat(transaction, self.id, SILENCE)
                await self._heed(beat)
            except RetryableError as error:
                logger.warning("a worker cannot say that it lives: %s", error)
            except Exception:
                logger.exception("a worker cannot say that it lives")

    async def _heed(self, beat: workers.Beat | None) -> None:
        if beat is None:
            await self._lose()
            return
        self._is_draining = self._is_draining or beat.is_draining
        for job_id in beat.cancelled:
            if execution := self._hand.running.get(job_id):
                execution.end(Ending.CANCELLED)
        if self._hand.told.progress:
            self._wake.set()

    async def _lose(self) -> None:
        """The jobs are others' now: end them and begin as a new worker."""
        logger.error("a worker was silent for too long; its jobs run elsewhere")
        async with self._turns.alone():
            successor = new_id()
            await self._register(successor)
            for execution in self._hand.running.values():
                execution.end(Ending.LOST)
            self._begin_as(successor)

    # With jobs

    def _start_waiting(self) -> None:
        hand = self._hand
        while hand.waiting and len(hand.running) < self._options.concurrency:
            self._start(hand, hand.waiting.popleft())

    def _start(self, hand: Hand, job: Claimed) -> None:
        kind = self._kinds[job.kind]
        run = Run(
            job_id=job.id,
            kind=job.kind,
            tenant=job.tenant,
            attempt=job.attempt,
            resources=self._resources[job.kind],
            on_progress=partial(self._note_progress, hand, job, asyncio.get_running_loop()),
        )
        execution = hand.running[job.id] = Execution(job, kind, run)
        task = asyncio.create_task(self._execute(hand, execution))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, hand: Hand, execution: Execution) -> None:
        started = time.monotonic()
        with self._span(execution.job):
            outcome = await execution.outcome(self._threads)
        hand.finish(execution, outcome, time.monotonic() - started)
        if hand is not self._hand:
            return
        self._start_waiting()
        if len(hand.told) >= hand.batch:
            self._wake.set()
            self._turns.moved.set()
        elif len(hand.told) == 1:
            asyncio.get_running_loop().call_later(TELL_DELAY, self._wake.set)

    def _span(self, job: Claimed) -> contextlib.AbstractContextManager[None]:
        if self._telemetry is None:
            return contextlib.nullcontext()
        headers = {"traceparent": job.trace} if job.trace else {}
        attributes = {
            "messaging.system": "hansa.jobs",
            "messaging.operation.type": "process",
            "messaging.destination.name": job.kind,
            "messaging.message.id": str(job.id),
        }
        return self._telemetry.consumer_span(f"process {job.kind}", headers, attributes)

    def _note_progress(
        self, hand: Hand, job: Claimed, loop: asyncio.AbstractEventLoop, fraction: float, note: str
    ) -> None:
        """From any thread; the next beat tells it."""
        told = hand.told.progress
        loop.call_soon_threadsafe(told.__setitem__, (job.id, job.attempt), (fraction, note.replace("\0", "")))

    # At the end

    async def _drain(self) -> None:
        """Take nothing more, give back what has not begun, let the rest end or end it, and leave."""
        self._is_draining = True
        async with self._turns.alone():
            self._hand.told.settled += [
                Settled(job.id, job.attempt, JobState.READY, burns=False) for job in self._hand.put_back()
            ]
        await self._await_tasks(self._options.grace)
        for execution in list(self._hand.running.values()):
            execution.end(Ending.DRAINED)
        await self._await_tasks(THREAD_GRACE)
        failpoint("jobs.drain.before_leaving")
        with contextlib.suppress(RetryableError):
            async with self._turns.alone():
                await self._exchange()
            if not self._hand.running:
                async with self._database.transaction() as transaction:
                    await workers.leave(transaction, self.id)

    async def _await_tasks(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
