"""Guarantee 13 of payments' README: a webhook is kept for a month, and for as long as it is on its way to anybody."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from common.database import Database
from subgraphs.payments.service.webhooks import Webhooks, tell
from subgraphs.payments.store.retention import WEBHOOKS

AGE = text("""
    WITH message AS (
        UPDATE webhook_message SET created_at = now() - :days * interval '1 day' WHERE type = :type RETURNING id
    ), first AS (
        SELECT min(webhook_delivery.id) AS id FROM webhook_delivery JOIN message ON message.id = message_id
    )
    UPDATE webhook_delivery SET state = CASE WHEN webhook_delivery.id = first.id THEN :state ELSE 'DEAD' END
    FROM first, message WHERE message_id = message.id
""")
KEPT = "SELECT array_agg(type ORDER BY type) AS types FROM webhook_message"
DELIVERIES = "SELECT count(*) AS n FROM webhook_delivery"
Forget = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def forget(database: Database, webhooks: Webhooks) -> Forget:
    """Deletes what is old of what two endpoints were told; gives what is left."""
    for _ in range(2):
        await webhooks.add("https://example.com/hooks")

    async def forget() -> list[str]:
        async with database.transaction() as transaction:
            await transaction.execute(WEBHOOKS, {"limit": 100})
            types: list[str] = (await transaction.execute(KEPT)).scalar_one()
            assert (await transaction.execute(DELIVERIES)).scalar_one() == 2 * len(types)
        return types

    return forget


async def happen(database: Database, type_: str, state: str, days: int) -> None:
    """It was told so long ago; to the first endpoint the delivery is in `state`, to the other DEAD."""
    async with database.transaction() as transaction:
        await tell(transaction, type_, uuid4(), {})
        await transaction.execute(AGE, {"type": type_, "state": state, "days": days})


async def test_a_webhook_is_kept_for_a_month_and_while_it_is_on_its_way(
    database: Database, forget: Forget
) -> None:
    for state in ("DELIVERED", "DEAD", "PENDING"):
        for days in (29, 31):
            await happen(database, f"{state} {days}", state, days)
    assert await forget() == ["DEAD 29", "DELIVERED 29", "PENDING 29", "PENDING 31"]


async def test_one_that_is_sent_again_is_kept(database: Database, webhooks: Webhooks, forget: Forget) -> None:
    await happen(database, "old", "DEAD", 31)
    [endpoint, _] = await webhooks.list_endpoints()
    [delivery] = await webhooks.list_deliveries(endpoint.id, None, 10)
    assert await webhooks.replay(delivery.id)
    assert await forget() == ["old"]
