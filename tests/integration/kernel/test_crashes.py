"""A process that is killed at any failpoint loses nothing it acknowledged and applies nothing twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from common.database import Database
from common.failpoints import names

PROGRAM = Path(__file__).with_name("crashing_service.py")
REQUESTS = [0, 1, 2, 3]
POISON = 2


@pytest.fixture
async def environment(kernel_database: Database, database_url: str, nats_url: str) -> dict[str, str]:
    async with kernel_database.transaction() as transaction:
        await transaction.execute("CREATE TABLE effect (number int NOT NULL)")
        await transaction.execute("CREATE TABLE journal (id bigserial PRIMARY KEY, number int NOT NULL)")
    return {**os.environ, "DATABASE_URL": database_url, "NATS_URL": nats_url}


def run(environment: dict[str, str], failpoint: str = "") -> tuple[int, list[int]]:
    """The exit status and the numbers of the requests that were acknowledged."""
    result = subprocess.run(
        [sys.executable, PROGRAM],
        env={**environment, "FAILPOINT": failpoint},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, [int(line.split()[1]) for line in result.stdout.splitlines()]


async def numbers(url: str, query: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


@pytest.mark.parametrize("name", sorted(names("common")))
async def test_a_kill_at(name: str, environment: dict[str, str]) -> None:
    status, acknowledged = run(environment, f"{name}:kill")
    assert status == -signal.SIGKILL, "the failpoint was not reached"
    url = environment["DATABASE_URL"]
    committed = await numbers(url, "SELECT number FROM kernel.effect ORDER BY number")
    assert set(acknowledged) <= set(committed)

    status, acknowledged = run(environment)
    assert (status, acknowledged) == (0, REQUESTS)
    assert await numbers(url, "SELECT number FROM kernel.effect ORDER BY number") == REQUESTS
    handled = [number for number in REQUESTS if number != POISON]
    assert await numbers(url, "SELECT number FROM kernel.journal ORDER BY id") == handled
    assert await numbers(
        url, "SELECT (convert_from(payload, 'utf8')::jsonb ->> 'number')::int FROM kernel.parked"
    ) == [POISON]


async def test_a_kill_at_a_later_passage_is_no_different(environment: dict[str, str]) -> None:
    status, _ = run(environment, "consumer.after_effect:kill@2")
    assert status == -signal.SIGKILL
    status, acknowledged = run(environment)
    assert (status, acknowledged) == (0, REQUESTS)
    assert await numbers(environment["DATABASE_URL"], "SELECT number FROM kernel.journal ORDER BY id") == [
        0,
        1,
        3,
    ]
