"""`python -m tests.benchmarks.ledger`: what a transfer costs, in batches, and one by one beside a transaction that does nothing.

The figures are microseconds of CPU a transfer: of this process, which makes the transfers as well, and of the server. Transfers go
between random accounts of a thousand, half of which have a floor; "hot" is one account that all pay. Read CPU, not rates: these
depend on what else the machine does.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

import uvloop
from sqlalchemy import text

from common.database import Database
from common.embedded import EmbeddedServers
from common.ids import new_id
from common.ledger import Account, Result, Transfer, create_accounts, create_transfers
from common.ledger.tables import LEDGER_TABLES, POST_BATCH
from tests.benchmarks.jobs.measuring import cpu_seconds as server_seconds

ACCOUNTS = [
    Account(new_id(), "bench", "ANY", "EUR", floor=0 if number % 2 else None) for number in range(1_000)
]
BANK = Account(new_id(), "bench", "BANK", "EUR")
RANDOM = Random(1)
AT_ONCE = 20
WRITE = text("INSERT INTO plain (id) VALUES (:id)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--transfers", type=int, default=40_000, help="in batches, in a round")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="hansa-ledger-") as directory:
        Path(directory).chmod(0o755)
        uvloop.run(_measure(Path(directory), options))


async def _measure(directory: Path, options: argparse.Namespace) -> None:
    servers = EmbeddedServers(directory, {"NATS_URL": "not needed", "REDIS_URL": "not needed"})
    url = (await servers.start())["DATABASE_URL"]
    root = next(server.pid for server in servers._servers if server.name == "postgresql")
    database = Database.open(url, schema="ledger", pool_size=AT_ONCE)
    sys.stdout.write(f"{'CPU, us a transfer':24}{'client':>9}{'server':>9}{'total':>9}{'transfers/s':>13}\n")
    try:
        await _prepare(database)
        for _ in range(options.rounds):
            for name, work, count in _contests(database, options.transfers):
                await _report(name, work, count, root)
    finally:
        await database.close()
        await servers.stop()


async def _prepare(database: Database) -> None:
    async with database.transaction() as transaction:
        for statement in (
            "CREATE SCHEMA ledger",
            "CREATE TABLE plain (id uuid PRIMARY KEY)",
            *LEDGER_TABLES,
            POST_BATCH,
        ):
            await transaction.execute(statement)
        await create_accounts(transaction, [BANK, *ACCOUNTS])
        funds = [_transfer(BANK.id, account.id, 1_000_000_000) for account in ACCOUNTS]
        await create_transfers(transaction, funds)


def _contests(
    database: Database, count: int
) -> Iterator[tuple[str, Callable[[Sequence[Transfer]], Awaitable[None]], int]]:
    yield "batches of 2,000", lambda made: _in_batches(database, made, 2_000), count
    yield "batches of 100", lambda made: _in_batches(database, made, 100), count // 4
    yield "hot, batches of 2,000", lambda made: _in_batches(database, _all_to(made), 2_000), count
    yield "single", lambda made: _single(database, made), count // 40
    yield "transactions alone", lambda made: _alone(database, made), count // 40


async def _report(
    name: str, work: Callable[[Sequence[Transfer]], Awaitable[None]], count: int, root: int | None
) -> None:
    assert root
    pairs = [_pair() for _ in range(count)]
    server, client, clock = server_seconds(root), time.process_time(), time.perf_counter()
    await work([_transfer(debit, credit, 1) for debit, credit in pairs])
    spent = (time.process_time() - client, server_seconds(root) - server)
    figures = "".join(f"{figure / count * 1e6:9.1f}" for figure in (*spent, sum(spent)))
    sys.stdout.write(f"{name:24}{figures}{count / (time.perf_counter() - clock):13.0f}\n")
    sys.stdout.flush()


def _pair() -> tuple[UUID, UUID]:
    debit, credit = RANDOM.sample(ACCOUNTS, 2)
    return debit.id, credit.id


def _transfer(debit: UUID, credit: UUID, amount: int) -> Transfer:
    return Transfer.posted(new_id(), debit=debit, credit=credit, amount=amount, currency="EUR", code="BENCH")


def _all_to(made: Sequence[Transfer]) -> list[Transfer]:
    return [_transfer(each.debit_id, BANK.id, 1) for each in made if each.debit_id]


async def _in_batches(database: Database, made: Sequence[Transfer], size: int) -> None:
    for batch in _batched(made, size):
        async with database.transaction() as transaction:
            _check(await create_transfers(transaction, batch))


async def _single(database: Database, made: Sequence[Transfer]) -> None:
    async def post(transfer: Transfer) -> None:
        async with database.transaction() as transaction:
            _check(await create_transfers(transaction, [transfer]))

    for part in _batched(made, AT_ONCE):
        await asyncio.gather(*map(post, part))


async def _alone(database: Database, made: Sequence[Transfer]) -> None:
    """What a transfer finds already where it is a part of a service's transaction; it writes a row, so that it commits."""

    async def write(transfer: Transfer) -> None:
        async with database.transaction() as transaction:
            await transaction.execute(WRITE, {"id": transfer.id})

    for part in _batched(made, AT_ONCE):
        await asyncio.gather(*map(write, part))


def _batched(made: Sequence[Transfer], size: int) -> Iterator[Sequence[Transfer]]:
    return (made[start : start + size] for start in range(0, len(made), size))


def _check(results: Sequence[Result]) -> None:
    assert set(results) == {Result.CREATED}


if __name__ == "__main__":
    main()
