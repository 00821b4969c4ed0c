"""Payments of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from common.database import Database, Transaction
from common.ledger import find_drift, find_imbalances
from common.sealing import Sealer
from subgraphs.payments.domain.attempts import AttemptState, Operation, PaymentMethod, ProviderName
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.service.operations import AttemptOutcome, Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.service.webhook_secrets import WebhookSecrets
from tests.integration.payments.bank import Bank


@pytest.fixture
def database_url(migrated_database: Callable[..., str]) -> str:
    return migrated_database("payments")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url, schema="payments")
    yield database
    await database.close()


SECRETS = WebhookSecrets(Sealer(bytes(32)))


@pytest.fixture
def operations() -> Operations:
    return Operations()


@pytest.fixture
def payments(database: Database, operations: Operations) -> Payments:
    return Payments(database, operations)


@pytest.fixture
def wallets(database: Database) -> Wallets:
    return Wallets(database)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def runner(database: Database, operations: Operations, bank: Bank) -> AttemptRunner:
    """Takes attempts to the wallets and to `bank`, when a test says so."""
    providers = {ProviderName.WALLET: WalletProvider(database), ProviderName.CARD: bank}

    async def capture_at_once(transaction: Transaction, outcome: AttemptOutcome) -> None:
        """What is paid for a reservation is taken as soon as it is set aside."""
        payment, attempt = outcome.payment, outcome.attempt
        is_set_aside = attempt.operation is Operation.AUTHORISE and attempt.state is AttemptState.SUCCEEDED
        if is_set_aside and payment.reservation_id is not None:
            await operations.capture(transaction, payment.id, key="at once")

    return AttemptRunner(database, providers, capture_at_once)


@pytest.fixture
def settle(database: Database, runner: AttemptRunner) -> Callable[[], Awaitable[None]]:
    """Runs attempts until none is due, whatever they wait for."""

    async def settle() -> None:
        async with asyncio.timeout(60):
            while True:
                await hasten(database)
                if not await runner.run_due():
                    return

    return settle


@pytest.fixture
def pay(
    database: Database, operations: Operations, payments: Payments, settle: Callable[[], Awaitable[None]]
) -> Callable[..., Awaitable[Payment]]:
    """Pays from the wallet of `owner`, for a reservation unless not `is_bought`; gives the payment as it ends, or begins."""

    async def pay(
        owner: str = "ada",
        amount: int = 1_000,
        *,
        reservation_id: UUID | None = None,
        is_bought: bool = True,
        until_end: bool = True,
    ) -> Payment:
        paid_for = reservation_id or uuid4()
        async with database.transaction() as transaction:
            await operations.begin(
                transaction,
                paid_for,
                payer_id=owner,
                amount=Money(amount, "EUR"),
                method=PaymentMethod(ProviderName.WALLET, owner),
                reservation_id=paid_for if is_bought else None,
            )
        if until_end:
            await settle()
        return (await payments.find("id", [paid_for]))[paid_for]

    return pay


@pytest.fixture
def card_payment(
    database: Database, operations: Operations, settle: Callable[[], Awaitable[None]]
) -> Callable[..., Awaitable[UUID]]:
    """Begins a payment at `bank`, and gives its id when that has answered; captured if `capture` says how much."""

    async def card_payment(amount: int = 1_000, *, capture: int | None = None) -> UUID:
        payment_id = uuid4()
        async with database.transaction() as transaction:
            await operations.begin(
                transaction,
                payment_id,
                payer_id="ada",
                amount=Money(amount, "EUR"),
                method=PaymentMethod(ProviderName.CARD, "pm_card_visa"),
            )
        await settle()
        if capture is not None:
            async with database.transaction() as transaction:
                await operations.capture(transaction, payment_id, key="first", amount=capture)
            await settle()
        return payment_id

    return card_payment


async def hasten(database: Database) -> None:
    """Turn the database's clock past what attempts wait for."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE attempt SET next_at = now() WHERE next_at IS NOT NULL AND state <> 'ACTION_REQUIRED'"
        )


async def forget(database: Database) -> None:
    """Let the thirty days pass for which the answers to requests are remembered."""
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM idempotency")


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
    """What each owner's wallet and each account of the house that has any has; the auditor agrees."""

    async def read() -> dict[str, int]:
        async with database.transaction() as transaction:
            assert await find_imbalances(transaction) == []
            assert await find_drift(transaction) == []
            return dict((await transaction.execute(BALANCES)).all())

    return read


BALANCES = text("""
    SELECT coalesce(owner_id, code), credits_posted - debits_posted
    FROM ledger_account LEFT JOIN wallet USING (id)
    WHERE credits_posted <> debits_posted OR owner_id IS NOT NULL
""")


@pytest.fixture
def checkout_environment(migrated_database: Callable[..., str], nats_url: str) -> Mapping[str, str]:
    """What both services need, each test with a database and a NATS server of its own."""
    return {
        "DATABASE_URL": migrated_database("payments", "inventory"),
        "NATS_URL": nats_url,
        "HANSA_ISSUER": "https://identity.invalid",
        "HANSA_JWKS_URL": "https://identity.invalid/jwks",
        "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
    }
