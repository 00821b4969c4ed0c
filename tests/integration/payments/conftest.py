"""Payments of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from common.database import Database, migrate
from subgraphs.inventory.app import service as inventory_service
from subgraphs.payments.app import service
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.events.reservations import ReservationHeld
from subgraphs.payments.service.payments import Payments, on_reservation_held
from subgraphs.payments.service.wallets import Wallets


@pytest.fixture(scope="session")
def template(create_database: Callable[..., str]) -> str:
    """A migrated database, to be copied."""
    url = create_database()
    work = migrate(url, schema="payments", scripts=service.migrations)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
    return url


@pytest.fixture
def database_url(create_database: Callable[..., str], template: str) -> str:
    return create_database(template=template)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url, schema="payments")
    yield database
    await database.close()


@pytest.fixture
def payments(database: Database) -> Payments:
    return Payments(database)


@pytest.fixture
def wallets(database: Database) -> Wallets:
    return Wallets(database)


@pytest.fixture
def pay(database: Database, payments: Payments) -> Callable[..., Awaitable[Payment]]:
    """Handles the event of a reservation that `owner` holds, and gives its payment."""

    async def pay(
        owner: str = "ada", amount: int = 1_000, *, reservation_id: UUID | None = None, minutes: float = 15
    ) -> Payment:
        event = ReservationHeld(
            reservation_id=reservation_id or uuid4(),
            owner_id=owner,
            total_amount=amount,
            currency="EUR",
            expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
        )
        async with database.transaction() as transaction:
            await on_reservation_held(transaction, event)
        return (await payments.find("reservation_id", [event.reservation_id]))[event.reservation_id]

    return pay


@pytest.fixture
def events(database: Database) -> Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]:
    """Subject and payload of everything in the outbox, in order."""

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with database.transaction() as transaction:
            rows = await transaction.execute("SELECT subject, payload FROM outbox ORDER BY txid, id")
            return [(row.subject, row.payload) for row in rows]

    return read


@pytest.fixture
def ledger(database: Database) -> Callable[[], Awaitable[dict[str, int]]]:
    """The balance of each owner's wallet and of the house, which sum to zero and equal the transfers."""

    async def read() -> dict[str, int]:
        async with database.transaction() as transaction:
            balances = dict((await transaction.execute(BALANCES)).all())
            by_transfers = dict((await transaction.execute(BY_TRANSFERS)).all())
        assert balances == by_transfers
        assert sum(balances.values()) == 0
        return balances

    return read


BALANCES = text("SELECT coalesce(owner_id, kind), credits - debits FROM account")
BY_TRANSFERS = text("""
    SELECT coalesce(owner_id, kind),
           coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = account.id), 0)::bigint
           - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = account.id), 0)::bigint
    FROM account
""")


@pytest.fixture(scope="session")
def checkout_template(create_database: Callable[..., str], template: str) -> str:
    """A database with the schemas of payments and inventory, to be copied."""
    url = create_database(template=template)
    work = migrate(url, schema="inventory", scripts=inventory_service.migrations)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
    return url


@pytest.fixture
def checkout_environment(
    create_database: Callable[..., str], checkout_template: str, nats_url: str
) -> Mapping[str, str]:
    """What both services need, each test with a database and a NATS server of its own."""
    return {
        "DATABASE_URL": create_database(template=checkout_template),
        "NATS_URL": nats_url,
        "HANSA_ISSUER": "https://identity.invalid",
        "HANSA_JWKS_URL": "https://identity.invalid/jwks",
    }
