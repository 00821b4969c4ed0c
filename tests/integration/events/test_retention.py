"""What the kernel keeps goes when its time is over, however much there is of it, and nothing before."""

import asyncio
from typing import Any

import pytest

from common import retention
from common.events.outbox import RETENTION
from common.leases import Lease, LeaseLostError
from common.retention import Retention
from tests.integration.events.conftest import Kernel

FILL = (
    """
    INSERT INTO outbox (subject, aggregate_id, payload, headers, published_at)
    SELECT 'a.b.c', 'a', '{}', '{}', now() - day * interval '1 day' FROM generate_series(1, 30) AS day
    """,
    "INSERT INTO outbox (subject, aggregate_id, payload, headers, created_at) VALUES ('a.b.c', 'a', '{}', '{}', '-infinity')",
    """
    INSERT INTO inbox (consumer, message_id, received_at)
    SELECT 'c', uuidv7(), now() - day * interval '1 day' FROM generate_series(1, 60) AS day
    """,
    """
    INSERT INTO idempotency (scope, key, fingerprint, created_at)
    SELECT 's', day::text, '', now() - day * interval '1 day' FROM generate_series(1, 60) AS day
    """,
)
LEFT = """
    SELECT ARRAY[
        (SELECT count(*) FROM outbox), (SELECT count(*) FROM inbox), (SELECT count(*) FROM idempotency)
    ]
"""


@pytest.fixture
async def filled(kernel: Any) -> Kernel:
    async with kernel.database.transaction() as transaction:
        for statement in FILL:
            await transaction.execute(statement)
    found: Kernel = kernel
    return found


async def test_what_is_old_goes_batch_by_batch_until_nothing_is_left_of_it(
    filled: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 5)
    monkeypatch.setattr(retention, "INTERVAL", 3600.0)  # so that only full batches are followed by others
    async with filled.running(Retention(filled.database, RETENTION)), asyncio.timeout(30):
        while await filled.scalar(LEFT) != [7, 29, 29]:  # noqa: ASYNC110 - it watches a database
            await asyncio.sleep(0.05)
    assert await filled.scalar("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 1


async def test_who_was_taken_for_dead_deletes_nothing(filled: Kernel) -> None:
    before = await filled.scalar(LEFT)
    lost = Lease(retention.LEASE, 0, retention.LEASE_TTL)
    with pytest.raises(LeaseLostError):
        await Retention(filled.database, RETENTION)._turn(lost)
    assert await filled.scalar(LEFT) == before
