"""Payments that are killed: for each failpoint in the arguments one customer's payments, in a process that dies there.

The process is started again and does the same from the beginning; each step has its effect once.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid5

from common.database import Database
from common.sealing import Sealer
from subgraphs.payments.domain.attempts import PaymentMethod, ProviderName
from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.service import runner
from subgraphs.payments.service.operations import AttemptOutcome, Operations
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.services import Services
from subgraphs.payments.service.webhook_secrets import WebhookSecrets
from tests.integration.lanes import meet_cases

runner.LEASE = timedelta(seconds=0.5)  # what the killed process was at is taken up sooner than it would be
runner.POLL_INTERVAL = 0.02


async def pay(url: str, customer: str) -> None:
    database = Database.open(url, schema="payments")
    operations = Operations()
    services = Services.of(database, operations, WebhookSecrets(Sealer(bytes(32))))
    working = asyncio.create_task(
        AttemptRunner(database, {ProviderName.WALLET: WalletProvider(database)}, ignore).run()
    )
    await services.wallets.top_up(customer, 10_000, "money")
    bought, dropped = (uuid5(UUID(int=0), f"{customer} {what}") for what in ("bought", "dropped"))
    for payment_id in (bought, dropped):
        async with database.transaction() as transaction:
            await operations.begin(
                transaction,
                payment_id,
                payer_id=customer,
                amount=Money(1_000, "EUR"),
                method=PaymentMethod(ProviderName.WALLET, customer),
            )
    for payment_id in (bought, dropped):
        await step(services, payment_id, nothing)
    await step(services, dropped, lambda: services.payments.void(customer, dropped, "void"))
    payments = services.payments
    await step(services, bought, lambda: payments.capture(customer, bought, 600, "part", is_last=False))
    await step(services, bought, lambda: payments.capture(customer, bought, 300, "last"))
    await step(services, bought, lambda: payments.refund(customer, bought, 200, "refund"))
    await payments.dispute(bought, "dispute", 100, "fraud")
    await payments.close_dispute(bought, "dispute", won=False)
    await services.books.pay_out(Money(50, "EUR"), customer)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await database.close()


async def step(services: Services, payment_id: UUID, ask: Callable[[], Awaitable[object]]) -> None:
    """Ask, and wait until nothing of the payment is under way."""
    await ask()
    while (await services.payments.find("id", [payment_id]))[payment_id].underway:  # noqa: ASYNC110 - it watches a database
        await asyncio.sleep(0.02)


async def nothing() -> None:
    pass


async def ignore(_transaction: object, _outcome: AttemptOutcome) -> None:
    pass


if __name__ == "__main__":
    meet_cases(sys.argv[1:], pay)
