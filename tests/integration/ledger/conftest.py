"""A ledger of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import asyncpg
import pytest

from common.database import Database
from common.ledger import (
    Account,
    Balances,
    Result,
    Transfer,
    balances,
    create_accounts,
    create_transfers,
    find_drift,
    find_imbalances,
)
from common.ledger.tables import LEDGER_TABLES, POST_BATCH

BANK, ADA, BOB, YEN = (UUID(int=number) for number in range(1, 5))
ACCOUNTS = (
    Account(BANK, "money", "BANK", "EUR"),
    Account(ADA, "money", "WALLET", "EUR", floor=0),
    Account(BOB, "money", "WALLET", "EUR", floor=-50),
    Account(YEN, "money", "WALLET", "JPY", floor=0),
)


class Book:
    """The ledger under test: each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def post(self, *batch: Transfer) -> list[Result]:
        async with self.database.transaction() as transaction:
            return await create_transfers(transaction, batch)

    async def fund(self, account: UUID, amount: int, number: int = 1_000_000) -> None:
        assert await self.post(move(number, BANK, account, amount)) == [Result.CREATED]

    async def balances(self, *accounts: UUID) -> list[Balances]:
        async with self.database.transaction() as transaction:
            found = await balances(transaction, accounts)
        return [found[account] for account in accounts]

    async def check(self) -> None:
        """Debits are credits, and accounts are what the transfers made them."""
        async with self.database.transaction() as transaction:
            assert await find_imbalances(transaction) == []
            assert await find_drift(transaction) == []

    async def clear(self) -> None:
        """Begin anew with ACCOUNTS."""
        async with self.database.transaction() as transaction:
            await transaction.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
            await transaction.execute("TRUNCATE ledger_account, ledger_transfer")
            await transaction.execute("ALTER TABLE ledger_transfer ENABLE TRIGGER USER")
            await create_accounts(transaction, ACCOUNTS)


def move(number: int, debit: UUID, credit: UUID, amount: int, currency: str = "EUR") -> Transfer:
    return Transfer.posted(
        transfer_id(number), debit=debit, credit=credit, amount=amount, currency=currency, code="MOVE"
    )


def hold(number: int, debit: UUID, credit: UUID, amount: int) -> Transfer:
    return Transfer.pending(
        transfer_id(number), debit=debit, credit=credit, amount=amount, currency="EUR", code="HOLD"
    )


def transfer_id(number: int) -> UUID:
    return UUID(int=number << 64)


@pytest.fixture(scope="session")
def template(create_database: Callable[..., str]) -> str:
    """A database with the ledger's tables, to be copied."""
    url = create_database()
    statements = ["CREATE SCHEMA ledger", "SET search_path = ledger", *LEDGER_TABLES, POST_BATCH]
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _execute(url, statements)).result()
    return url


async def _execute(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.fixture
async def book(create_database: Callable[..., str], template: str) -> AsyncIterator[Book]:
    database = Database.open(create_database(template=template), schema="ledger")
    async with database.transaction() as transaction:
        await create_accounts(transaction, ACCOUNTS)
    yield Book(database)
    await database.close()
