"""Usage: counted in memory, written down now and then, read from all processes' counts."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.database import Database, RetryableError
from common.failpoints import failpoint
from common.ids import new_id
from subgraphs.ratelimit.domain.matching import Limits
from subgraphs.ratelimit.domain.usage import TOP, Consumer, Denial, MinuteUsage, Tally
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.store import usage as store

_log = logging.getLogger("hansa.ratelimit")

INTERVAL = 1.5
"""Seconds from the start of one writing to the next: what a killed process loses is no older, and what its last one took."""
_CONSUMERS_INTERVAL = 60.0
_PRUNE_INTERVAL = 3_600.0
_GRACE = 5.0  # seconds for the last writing
WATCHED = timedelta(seconds=30)
"""What is written later than this after it was decided is not streamed."""
MAX_STREAMED = 500


class Usage:
    """The counts of this process, and those of all."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._writer = new_id()
        self._tally = Tally(clock)
        self._consumers_due = 0.0
        self._prune_due = 0.0
        self._unwritten: list[Denial] = []

    def count(self, limits: Limits, outcome: Outcome, cost: int) -> None:
        """Count a decision: for the limit that denied it, or else for all."""
        if outcome.denied_by is not None:
            self._tally.deny(outcome.denied_by, cost, outcome.wait)
            return
        denying = _denying_shadows(outcome) if limits.has_shadows else ()
        for limit in limits.each:
            if limit.key in denying:
                self._tally.shadow(limit)
            else:
                self._tally.admit(limit, cost)

    async def write(self) -> None:
        """Write down what changed.

        Raises:
            RetryableError: it is written next time.
        """
        counts, consumers = self._tally.changed(), self._consumers()
        self._unwritten = self._unwritten or self._tally.sample()
        if not (counts or consumers or self._unwritten):
            return
        told = {key: count.decisions for key, count in counts.items()}
        async with self._database.transaction() as transaction:
            if counts:
                await store.put_counts(transaction, self._writer, counts)
            if consumers:
                await store.put_consumers(transaction, self._writer, consumers)
            if self._unwritten:
                await store.put_denials(transaction, self._unwritten)
            failpoint("ratelimit.usage.before_commit")
        failpoint("ratelimit.usage.after_commit")
        self._unwritten = []
        for key, decisions in told.items():
            counts[key].written = decisions

    async def of_policies(self, ids: Sequence[UUID], minutes: int) -> dict[UUID, list[MinuteUsage]]:
        """The last so many minutes in which anything was decided."""
        async with self._database.transaction() as transaction:
            return await store.usage_of(transaction, ids, minutes)

    async def top_consumers(self, ids: Sequence[UUID], first: int) -> dict[UUID, list[Consumer]]:
        """Who took the most tokens within a day."""
        async with self._database.transaction() as transaction:
            return await store.top_consumers(transaction, ids, first)

    async def denials(self, namespace: str) -> list[Denial]:
        """Those of the last moments, the latest first."""
        since = datetime.fromtimestamp(self._clock(), UTC) - WATCHED
        async with self._database.transaction() as transaction:
            return await store.denials(transaction, namespace, since, MAX_STREAMED)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write every `INTERVAL` until the end of the block, and once more then."""
        task = asyncio.create_task(self._keep_writing())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._consumers_due = 0.0
            with contextlib.suppress(RetryableError, TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await self.write()

    async def _keep_writing(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + INTERVAL, loop.time())
            await asyncio.sleep(due - loop.time())
            try:
                await self.write()
                await self._prune()
            except RetryableError as error:
                _log.warning("Usage is written later: %s", error)
            except Exception:  # noqa: BLE001 - decisions go on whatever is wrong with counting them
                _log.exception("Usage is written later")
            lost = self._tally.forget()
            if lost:
                _log.warning("Usage of %d minutes of policies is lost: it could not be written", lost)

    def _consumers(self) -> list[tuple[int, UUID, str, int]]:
        """All that is known, once a minute."""
        now = time.monotonic()
        if now < self._consumers_due:
            return []
        self._consumers_due = now + _CONSUMERS_INTERVAL
        return [
            (hour, policy_id, identity, tokens)
            for (hour, policy_id), hitters in self._tally.consumers.items()
            for identity, tokens in hitters.top(TOP)
        ]

    async def _prune(self) -> None:
        if time.monotonic() >= self._prune_due:
            async with self._database.transaction() as transaction:
                await store.prune(transaction)
                failpoint("ratelimit.usage.before_pruned")
            self._prune_due = time.monotonic() + _PRUNE_INTERVAL


def _denying_shadows(admitted: Outcome) -> set[str]:
    """The keys of what would have denied a decision that nothing denied."""
    return {limit.key for limit, standing in admitted.pairs if standing.wait != 0}
