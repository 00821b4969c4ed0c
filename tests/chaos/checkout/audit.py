"""What must be true when all is done: each check is a query for what must not be there."""

import asyncio

from tests.chaos.checkout.world import World

PATIENCE = 60.0  # seconds until what is on its way has arrived

FAULTS = {
    "a checkout has not ended": "SELECT id, state FROM payments.checkout WHERE state NOT IN ('COMPLETED', 'FAILED')",
    "a sale has no stock": """
        SELECT c.id, r.state FROM payments.checkout c JOIN inventory.reservation r ON r.id = c.reservation_id
        WHERE c.state = 'COMPLETED' AND (r.state <> 'COMMITTED' OR r.checkout_id <> c.id)
    """,
    "stock is kept for nothing": """
        SELECT r.id, r.state, c.state FROM inventory.reservation r
        LEFT JOIN payments.checkout c ON c.id = r.checkout_id
        WHERE r.state IN ('PAYING', 'COMMITTED') AND c.state IS DISTINCT FROM 'COMPLETED'
    """,
    "an attempt has not ended": """
        SELECT id, operation, state FROM payments.attempt WHERE state NOT IN ('SUCCEEDED', 'DECLINED')
    """,
    "a sale was not captured once": """
        SELECT c.id FROM payments.checkout c WHERE c.state = 'COMPLETED' AND 1 <> (
            SELECT count(*) FROM payments.attempt a
            WHERE a.payment_id = c.id AND a.operation = 'CAPTURE' AND a.state = 'SUCCEEDED')
    """,
    "money was taken for no sale": """
        SELECT c.id FROM payments.checkout c WHERE c.state = 'FAILED' AND EXISTS (
            SELECT 1 FROM payments.attempt a
            WHERE a.payment_id = c.id AND a.operation = 'CAPTURE' AND a.state = 'SUCCEEDED')
    """,
    "the provider charged what is no sale, or another amount": """
        SELECT e.source_id FROM provider.entry e WHERE e.kind = 'charge' AND NOT EXISTS (
            SELECT 1 FROM payments.attempt a JOIN payments.checkout c ON c.id = a.payment_id
            WHERE a.reference = e.source_id AND a.state = 'SUCCEEDED' AND a.amount = e.amount
              AND c.state = 'COMPLETED')
    """,
    "a card sale is not in the provider's log": """
        SELECT a.id FROM payments.attempt a WHERE a.provider = 'CARD' AND a.operation = 'CAPTURE'
          AND a.state = 'SUCCEEDED' AND NOT EXISTS (
            SELECT 1 FROM provider.entry e WHERE e.kind = 'charge' AND e.source_id = a.reference)
    """,
    "the provider was asked twice for one authorisation": """
        SELECT reference FROM provider.entry WHERE kind = 'authorised' GROUP BY reference HAVING count(*) > 1
    """,
    "the provider still keeps money set aside": """
        SELECT id, document ->> 'status' FROM provider.intent
        WHERE document ->> 'status' IN ('requires_capture', 'requires_action')
    """,
    "the ledger does not sum to zero": """
        SELECT currency FROM payments.ledger_account GROUP BY currency
        HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
            OR sum(debits_pending) <> 0
    """,
    "pieces are kept or sold without a sale": """
        SELECT sum(held), sum(committed) FROM inventory.level HAVING sum(held) <> 0 OR sum(committed) <> (
            SELECT count(*) FROM payments.checkout WHERE state = 'COMPLETED')
    """,
    "a webhook was not delivered": "SELECT id, state FROM payments.webhook_delivery WHERE state <> 'DELIVERED'",
    "the provider's webhook was not delivered": "SELECT id FROM provider.webhook WHERE delivered_at IS NULL",
    **{
        f"an event was parked by {schema}": f"SELECT subject, error FROM {schema}.parked"
        for schema in ("payments", "inventory", "jobs")
    },
}


async def audit(world: World) -> list[str]:
    """What is wrong, after what is on its way has had time to arrive."""
    clock = asyncio.get_running_loop()
    give_up = clock.time() + PATIENCE
    while (found := await _faults(world)) and clock.time() < give_up:  # noqa: ASYNC110 - others work
        await asyncio.sleep(0.5)
    return found


async def _faults(world: World) -> list[str]:
    found = []
    for title, query in FAULTS.items():
        rows = await world.fetch(query)
        if rows:
            found.append(f"{title}: {[tuple(row) for row in rows[:3]]} ({len(rows)})")
    told = {
        row["message_id"] for row in await world.fetch("SELECT message_id FROM payments.webhook_delivery")
    }
    if missing := told - world.notes.keys():
        found.append(f"the merchant never heard of {sorted(missing)[:3]} ({len(missing)})")
    return found
