"""Guarantee 7 of payments' README, 7 of inventory's: a killed process loses and doubles nothing."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg
import pytest

from common import failpoints

ROOT = Path(__file__).parents[3]
CHECKOUT = Path(__file__).with_name("checkout.py")
ELSEWHERE = (
    "inventory.paying.",
    "inventory.authorised.",
    "inventory.failed.",
    "stock.",
)  # in inventory's own tests
OWN = sorted(
    name
    for package in ("subgraphs.inventory", "subgraphs.payments")
    for name in failpoints.names(package)
    if not name.startswith(ELSEWHERE)
)
KERNEL = sorted(failpoints.names("common") - {"consumer.before_park"})
CONSUMER = [name for name in KERNEL if name.startswith("consumer.")]
OTHERS = [name for name in KERNEL if name.startswith(("outbox.", "idempotency."))]


@pytest.mark.parametrize("names", [OWN, CONSUMER, OTHERS], ids=["own", "consumer", "outbox and idempotency"])
async def test_after_a_kill_the_checkout_ends_as_if_nothing_had_been(
    checkout_environment: Mapping[str, str], names: Sequence[str]
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        CHECKOUT,
        *names,
        env={**os.environ, **checkout_environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    ended = {line["failpoint"]: line["statuses"] for line in map(json.loads, output.splitlines())}
    assert ended == {name: [-signal.SIGKILL, 0] for name in names}
    connection = await asyncpg.connect(checkout_environment["DATABASE_URL"])
    try:
        await check_books(connection, customers=len(names))
    finally:
        await connection.close()


async def check_books(connection: asyncpg.Connection, *, customers: int) -> None:
    """One payment for each reservation; money and pieces are where double entry says."""
    assert await connection.fetchval("SELECT count(*) FROM inventory.reservation") == 4 * customers
    assert await connection.fetchval("SELECT count(*) FROM payments.payment") == 4 * customers
    assert await connection.fetchval(UNPAID) == 0
    kinds = await connection.fetch("SELECT kind, count(*) FROM payments.transfer GROUP BY kind ORDER BY kind")
    assert [tuple(row) for row in kinds] == [
        ("PAYMENT", 2 * customers),
        ("REFUND", customers),
        ("TOP_UP", customers),
    ]
    balances = {kind: balance for kind, balance in await connection.fetch(BALANCES)}  # noqa: C416 - records are no pairs
    assert balances == {
        "BANK": -10_000 * customers,
        "MERCHANT": 2_000 * customers,
        "WALLET": 8_000 * customers,
    }
    levels = [tuple(row) for row in await connection.fetch(LEVELS)]
    assert levels == [("BELL", 1_000, 0, 0), ("MUG", 1_000, 0, 2 * customers)]
    assert levels == [tuple(row) for row in await connection.fetch(MOVED)]
    for schema in ("inventory", "payments"):
        assert await connection.fetchval(f"SELECT count(*) FROM {schema}.parked") == 0


UNPAID = """
    SELECT count(*) FROM inventory.reservation
    WHERE id NOT IN (SELECT reservation_id FROM payments.payment)
"""
BALANCES = "SELECT kind, sum(credits - debits)::int FROM payments.account GROUP BY kind"
LEVELS = """
    SELECT sku, available + held + committed, held, committed
    FROM inventory.level JOIN inventory.variant ON variant.id = variant_id ORDER BY sku
"""
MOVED = """
    WITH entry AS (
        SELECT variant_id, target AS bucket, quantity FROM inventory.movement
        UNION ALL SELECT variant_id, source, -quantity FROM inventory.movement
    )
    SELECT sku, coalesce(sum(quantity) FILTER (WHERE bucket <> 'OUTSIDE'), 0)::int AS on_hand,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'HELD'), 0)::int AS held,
           coalesce(sum(quantity) FILTER (WHERE bucket = 'COMMITTED'), 0)::int AS committed
    FROM entry JOIN inventory.variant ON variant.id = variant_id GROUP BY sku ORDER BY sku
"""
