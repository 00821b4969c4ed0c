"""Guarantee 6 of payments' README, 7 of inventory's: a killed process loses and doubles nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from common import failpoints

CHECKOUT = Path(__file__).with_name("checkout.py")
OWN = sorted(failpoints.names("subgraphs.inventory") | failpoints.names("subgraphs.payments"))
KERNEL = sorted(
    name
    for name in failpoints.names("common")
    if name.startswith(("outbox.", "consumer.", "idempotency.")) and name != "consumer.before_park"
)


async def check_out(environment: Mapping[str, str], failpoint: str = "") -> int:
    """Run the checkout and give its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        CHECKOUT,
        env={
            **os.environ,
            **environment,
            "FAILPOINT": failpoint,
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
    )
    try:
        async with asyncio.timeout(60):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("failpoint", [f"{name}:kill" for name in (*OWN, *KERNEL)])
async def test_after_a_kill_the_checkout_ends_as_if_nothing_had_been(
    checkout_environment: Mapping[str, str], failpoint: str
) -> None:
    assert await check_out(checkout_environment, failpoint) == -signal.SIGKILL
    connection = await asyncpg.connect(checkout_environment["DATABASE_URL"])
    try:
        # The lease of the killed relay runs out.
        for schema in ("inventory", "payments"):
            await connection.execute(f"UPDATE {schema}.lease SET expires_at = '-infinity'")
        assert await check_out(checkout_environment) == 0
        await check_books(connection)
    finally:
        await connection.close()


async def check_books(connection: asyncpg.Connection) -> None:
    """One payment for each reservation; money and pieces are where double entry says."""
    assert await connection.fetchval("SELECT count(*) FROM inventory.reservation") == 4
    assert await connection.fetchval("SELECT count(DISTINCT reservation_id) FROM payments.payment") == 4
    assert await connection.fetchval("SELECT count(*) FROM payments.payment") == 4
    kinds = await connection.fetch("SELECT kind, count(*) FROM payments.transfer GROUP BY kind ORDER BY kind")
    assert [tuple(row) for row in kinds] == [("PAYMENT", 2), ("REFUND", 1), ("TOP_UP", 1)]
    balances = await connection.fetch("SELECT kind, credits - debits FROM payments.account ORDER BY kind")
    assert [tuple(row) for row in balances] == [("BANK", -10_000), ("MERCHANT", 2_000), ("WALLET", 8_000)]
    assert [tuple(row) for row in await connection.fetch(LEVELS)] == [("BELL", 1, 0, 0), ("MUG", 10, 0, 2)]
    assert await connection.fetch(LEVELS) == await connection.fetch(MOVED)
    for schema in ("inventory", "payments"):
        assert await connection.fetchval(f"SELECT count(*) FROM {schema}.parked") == 0


LEVELS = """
    SELECT sku, on_hand, reserved, committed
    FROM inventory.level JOIN inventory.product ON product.id = product_id ORDER BY sku
"""
MOVED = """
    WITH entry AS (
        SELECT product_id, target AS bucket, quantity FROM inventory.movement
        UNION ALL SELECT product_id, source, -quantity FROM inventory.movement
    )
    SELECT sku, coalesce(sum(quantity) FILTER (WHERE bucket <> 'OUTSIDE'), 0)::int AS on_hand,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'RESERVED'), 0)::int AS reserved,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'COMMITTED'), 0)::int AS committed
    FROM entry JOIN inventory.product ON product.id = product_id GROUP BY sku ORDER BY sku
"""
