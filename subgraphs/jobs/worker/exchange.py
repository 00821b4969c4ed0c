"""One transaction between a worker and the queue: it tells how jobs ended, and takes others.

Both together are one commit, which is what most of the cost of a job is; a batch of a hundred shares it.
"""

from collections.abc import Sequence
from uuid import UUID

from common.database import Transaction
from subgraphs.jobs.scheduling import Lane, Strides
from subgraphs.jobs.store import claiming, moving
from subgraphs.jobs.store.claiming import Claim
from subgraphs.jobs.worker.hand import Told

NOTHING = Claim((), {})
SERVED_INTERVAL = 0.05  # seconds between two writes of what a lane has served: all workers write the same row


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
        await moving.admit(transaction, sorted(freed))
    return len(told) - accepted


class Taker:
    """Takes jobs by the weights of their classes."""

    def __init__(self, worker: UUID, queues: Sequence[str], kinds: Sequence[str]) -> None:
        self._worker = worker
        self._queues = queues
        self._kinds = kinds
        self._strides = Strides()
        self._served: dict[Lane, int] = {}
        self._served_at = 0.0

    async def take(self, transaction: Transaction, places: int, now: float) -> Claim:
        """Up to `places` jobs; fewer do not mean that there are no more."""
        lanes = await claiming.find_lanes(transaction, self._queues, self._kinds)
        allotted = {lane: count for lane, count in self._strides.allot(lanes, places).items() if count}
        if not allotted:
            return NOTHING
        claim = await claiming.claim(transaction, self._worker, allotted, self._kinds)
        self._served.update(claim.tags)
        if self._served and now - self._served_at >= SERVED_INTERVAL:
            await claiming.mark_served(transaction, self._served)
            self._served, self._served_at = {}, now
        return claim
