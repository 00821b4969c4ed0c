"""Inventory and payments together, by events over JetStream."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import asyncpg

from common.app import running
from subgraphs.inventory import app as inventory_app
from subgraphs.payments import app as payments_app

HELD = "SELECT count(*) FROM inventory.reservation WHERE state = 'HELD'"
STATES = """
    SELECT reservation.state, payment.state, decline_reason
    FROM inventory.reservation LEFT JOIN payments.payment ON reservation_id = reservation.id
    ORDER BY reservation.id
"""


async def test_the_demo_reservations_are_paid_by_events(checkout_environment: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(checkout_environment["DATABASE_URL"])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        for service in (inventory_app.service, payments_app.service):
            await stack.enter_async_context(running(service.create_app(checkout_environment)))
        for _ in range(2):
            await inventory_app.service.load_demo(checkout_environment)
            await payments_app.service.load_demo(checkout_environment)
        async with asyncio.timeout(20):
            while await connection.fetchval(HELD):  # noqa: ASYNC110 - it watches a database
                await asyncio.sleep(0.05)
        found = [tuple(row) for row in await connection.fetch(STATES)]
        assert found == [
            *[("COMMITTED", "CAPTURED", None)] * 5,
            ("RELEASED", "DECLINED", "INSUFFICIENT_FUNDS"),
        ]
        assert await connection.fetchval("SELECT sum(credits - debits) FROM payments.account") == 0
        assert await connection.fetchval("SELECT count(*) FROM payments.transfer WHERE kind = 'TOP_UP'") == 3
