"""Guarantees 1 and 7 of inventory's README: killed processes neither oversell, nor lose, nor double anything."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from common import failpoints
from common.database import Database
from tests.integration.inventory.buying import ACTS, BUYERS, LETTING_GO, PIECES, PROCESSES

ROOT = Path(__file__).parents[3]
Stock = Callable[..., Awaitable[tuple[int, int, int]]]


async def run(database_url: str, *arguments: str) -> list[Any]:
    """What `buying.py` printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("buying.py"),
        *arguments,
        env={**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return [json.loads(line) for line in output.splitlines()]


async def test_a_thousand_buyers_of_a_hundred_pieces_get_exactly_those_when_half_are_killed(
    database: Database, database_url: str, stock: Stock
) -> None:
    [ended] = await run(database_url, "--rush")
    assert ended["statuses"][1::2] == [0] * (PROCESSES // 2)
    assert -signal.SIGKILL in ended["statuses"][::2], "one at least was killed at its work"
    assert ended["again"] == 0
    async with database.transaction() as transaction:
        query = "SELECT count(*), count(DISTINCT owner_id) FROM reservation WHERE state = 'HELD'"
        assert tuple((await transaction.execute(query)).one()) == (PIECES, PIECES)
        answered = "SELECT count(*) FROM idempotency WHERE result IS NOT NULL"
        assert (await transaction.execute(answered)).scalar_one() == BUYERS
    assert await stock("RUSH") == (PIECES, PIECES, 0)


async def test_what_was_killed_is_done_once_when_it_is_done_again(
    database: Database, database_url: str, stock: Stock
) -> None:
    ends = await run(database_url, *ACTS)
    assert ends == [[name, -signal.SIGKILL, 0] for name in ACTS]
    await stock("MUG")
    async with database.transaction() as transaction:
        states = await transaction.execute(
            "SELECT state, count(*) FROM reservation GROUP BY state ORDER BY state"
        )
        assert dict(states.all()) == {
            "COMMITTED": 1,
            "EXPIRED": LET_GO,
            "HELD": LET_GO,
            "RELEASED": 1 + LET_GO,
        }
        told = "SELECT subject, count(*) FROM outbox WHERE payload->>'owner_id' = 'ada' AND payload->>'checkout_id' IS NULL GROUP BY subject"
        assert dict((await transaction.execute(told)).all()) == TOLD
        quotas = await transaction.execute("SELECT region, granted FROM quota ORDER BY variant_id, region")
        assert [tuple(row) for row in quotas] == [("EU", 2), ("US", 2)] * 2
        told = "SELECT payload FROM outbox WHERE subject = 'inventory.stock.low'"
        assert len((await transaction.execute(told)).all()) == 1
        moved = "SELECT reason, sum(quantity)::int AS pieces FROM movement WHERE reason <> 'SPLIT' GROUP BY reason"
        assert {row.reason: row.pieces for row in await transaction.execute(moved)} == MOVED


LET_GO = len(LETTING_GO)
TOLD = {
    "inventory.reservation.held": 2 + 3 * LET_GO,
    "inventory.reservation.released": LET_GO,
    "inventory.reservation.expired": LET_GO,
}
MOVED = {
    "DELIVERED": 125,
    "RESERVED": 4 + 5 * LET_GO,
    "COMMITTED": 4,
    "RELEASED": 2 + LET_GO,
    "EXPIRED": 2 * LET_GO,
    "SHIPPED": 2,
    "MOVED": 4,
    "TRANSFERRED": 7,
    "LOST": 1,
    "ADJUSTED": 11,  # a piece by hand, ten by a file
    "COUNTED": 1,
}


async def test_a_counter_who_slept_too_long_is_refused_when_another_has_counted(
    database_url: str, stock: Stock
) -> None:
    assert await run(database_url, "--sleep-over") == [[2, "Done"], [1, "StocktakeLost"]]
    assert await stock("ROPE") == (9, 0, 0)


def test_every_failpoint_is_killed_at_here() -> None:
    assert failpoints.names("subgraphs.inventory") == set(ACTS)
