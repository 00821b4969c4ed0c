"""The outbox is read in an order in which nothing can appear in front of what was read before."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.events.outbox import mark_published, read_batch


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example empties the outbox itself
)
@given(plan=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20)), min_size=2, max_size=8))
async def test_each_event_is_read_once_and_in_the_order_of_its_transaction(
    kernel: Any, plan: list[tuple[int, int]]
) -> None:
    """Transactions of some events each overlap as they like, while a reader takes small batches."""
    async with kernel.database.transaction() as transaction:
        await transaction.execute("TRUNCATE outbox")
    read: list[int] = []

    async def write(events: int, pause: int) -> None:
        async with kernel.database.transaction() as transaction:
            for number in range(events):
                await transaction.publish(kernel.event(number))
                await asyncio.sleep(pause / 1000)

    async def read_until(total: int) -> None:
        while len(read) < total:
            async with kernel.database.transaction() as transaction:
                batch = await read_batch(transaction, 3)
                await mark_published(transaction, batch.ids)
            read.extend(batch.ids)
            await asyncio.sleep(0.001)

    async with asyncio.timeout(60):
        await asyncio.gather(read_until(sum(count for count, _ in plan)), *(write(*each) for each in plan))
    expected = await kernel.scalar("SELECT array_agg(id ORDER BY txid, id) FROM outbox")
    assert read == expected


async def test_an_event_waits_for_an_older_transaction_that_still_runs(kernel: Any) -> None:
    async with kernel.database.transaction() as older:
        await older.publish(kernel.event(1))
        await kernel.publish(2)
        async with kernel.database.transaction() as reader:
            batch = await read_batch(reader, 10)
        assert (batch.ids, batch.unsettled) == ([], True)
    batch = await read_settled(kernel)
    assert [message.payload for message in batch.messages] == [
        b'{"name": "thing", "number": 1}',
        b'{"name": "thing", "number": 2}',
    ]


async def read_settled(kernel: Any) -> Any:
    """What can be read once no older transaction runs; those of other tests, on the same server, count as well."""
    async with asyncio.timeout(30):
        while True:
            async with kernel.database.transaction() as reader:
                batch = await read_batch(reader, 10)
            if not batch.unsettled:
                return batch
            await asyncio.sleep(0.01)
