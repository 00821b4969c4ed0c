"""One transaction between a worker and the queue: it tells how jobs ended, and takes others.

Both together are one commit, which is what most of the cost of a job is; a batch of a hundred shares it.
"""

import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from common.database import Transaction
from subgraphs.jobs.domain.scheduling import Lane, Strides
from subgraphs.jobs.store import claiming, limits, moving
from subgraphs.jobs.store.claiming import Asking, Claimed
from subgraphs.jobs.worker.hand import Told

LOOK_INTERVAL = 0.05  # seconds
SLOW_LOOK = 0.01  # seconds; one that took longer is followed by ten times as long without any


async def tell(transaction: Transaction, worker: UUID, told: Told) -> int:
    """Write down what jobs came to; gives how many were no longer the worker's."""
    accepted = 0
    freed: set[str] = set()
    if told.progress:
        await claiming.tell_progress(transaction, worker, told.progress)
    if told.succeeded:
        ended = await claiming.succeed(transaction, worker, told.succeeded)
        accepted += ended.count
        freed.update(ended.limits)
        if ended.needed:
            await moving.meet(transaction, ended.needed)
    if told.settled:
        ended = await claiming.settle(transaction, worker, told.settled)
        accepted += ended.count
        freed.update(ended.limits)
        if ended.needed:
            await moving.cancel_dependents(transaction, ended.needed)
    if freed:
        await limits.admit(transaction, sorted(freed))
    return len(told) - accepted


class Taker:
    """Takes jobs by the weights of their classes.

    Now and then it looks which lanes have jobs, from which tag on. Between two looks a claim begins where the one before ended:
    the index keeps what was claimed for as long as any transaction is open that began before, and a look passes over all of it.
    """

    def __init__(self, worker: UUID, queues: Sequence[str], kinds: Sequence[str]) -> None:
        self._worker = worker
        self._queues = queues
        self._kinds = kinds
        self._strides = Strides()
        self._floors: dict[Lane, int] = {}
        self._look_at = 0.0
        self._may_look_at = 0.0

    async def take(self, transaction: Transaction, places: int, now: float) -> list[Claimed]:
        """Up to `places` jobs, at `now` seconds; fewer do not mean that there are no more."""
        looks = now >= self._look_at
        if looks:
            await self._look(transaction, now)
        allotted = self._strides.allot(self._floors, places)
        asked = [Asking(lane, self._floors[lane], count) for lane, count in allotted.items() if count]
        if not asked:
            self._look_at = self._may_look_at
            return []
        # all workers write what a lane has served into the same row, so that they do it as rarely as they look
        jobs = await claiming.claim(transaction, self._worker, asked, self._kinds, serves=looks)
        self._floors.update({job.lane: job.tag for job in jobs})
        taken = Counter(job.lane for job in jobs)
        if any(taken[each.lane] < each.places for each in asked):
            self._look_at = self._may_look_at
        return jobs

    async def _look(self, transaction: Transaction, now: float) -> None:
        began = time.perf_counter()
        self._floors = await claiming.find_lanes(transaction, self._queues, self._kinds)
        took = time.perf_counter() - began
        self._may_look_at = now + (10 * took if took > SLOW_LOOK else 0.0)
        self._look_at = max(self._may_look_at, now + LOOK_INTERVAL)
