"""New jobs, as part of whatever transaction asks for them, and who is told of them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from common.database import Transaction
from common.jobs import JobRequest
from subgraphs.jobs.domain.queues import QUEUE, WAKE
from subgraphs.jobs.store import adding, limits


async def add_jobs(transaction: Transaction, requests: Sequence[JobRequest]) -> list[UUID]:
    """Add the jobs in the transaction; the id of each, or of the one that keeps it out."""
    added = await adding.add(transaction, requests)
    tell_of_queues(transaction, {request.queue for request in requests})
    if any(request.limit_key for request in requests):
        await limits.admit(transaction, sorted({each.limit_key for each in requests if each.limit_key}))
    kept_out = [each for each in requests if each.id not in added and each.unique_key]
    if not kept_out:
        return [request.id for request in requests]
    holders = await adding.find_in_the_way(
        transaction, [each.unique_key for each in kept_out if each.unique_key]
    )
    return [
        request.id if request.id in added else holders.get(request.unique_key or "", request.id)
        for request in requests
    ]


def tell_of_queues(transaction: Transaction, queues: Iterable[str]) -> None:
    """Wake the workers of all processes, and those who watch."""
    for queue in queues:
        transaction.changed(QUEUE, queue)
        transaction.changed(WAKE, queue)
