"""Check out at a shop that is killed: for each failpoint in the arguments one customer's reservations and payments.

A process of its own runs inventory and payments, is killed at the failpoint, and is started again until every
reservation and payment has ended as it must. Processes are forked, so that each costs no imports. One line of JSON
tells how each customer's two runs ended.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

from common import failpoints
from common.app import running
from common.database import Database
from common.events import jetstream
from subgraphs.inventory import app as inventory_app
from subgraphs.inventory import store
from subgraphs.inventory.domain import Article, Money, Reservation
from subgraphs.inventory.service import Inventory
from subgraphs.payments import app as payments_app
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets

MUG = Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1_000, "EUR"), 1_000)
BELL = Article("BELL", "Cast Bell", "Loud.", "On board", Money(900_000, "EUR"), 1_000)
FINAL = {
    "bought": ("COMMITTED", "CAPTURED"),
    "too dear": ("RELEASED", "DECLINED"),
    "given back": ("RELEASED", "REFUNDED"),
    "slept over": ("EXPIRED", "DECLINED"),
}


PATIENCE = 60  # seconds for one run
jetstream.ACK_WAIT = 1.0  # what the killed process was at comes again sooner than it would


def main() -> None:
    for number, failpoint in enumerate(sys.argv[1:]):
        runs = run(f"customer-{number}", f"{failpoint}:kill"), run(f"customer-{number}", "")
        print(json.dumps({"failpoint": failpoint, "statuses": runs}), flush=True)  # noqa: T201 - what the test reads


def run(customer: str, failpoint: str) -> int:
    """Check out in a forked process; 0, the exit status, or less than 0 by a signal."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(check_out(customer))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def check_out(customer: str) -> None:
    url = os.environ["DATABASE_URL"]
    async with AsyncExitStack() as stack:
        shop, bank = Database.open(url, schema="inventory"), Database.open(url, schema="payments")
        stack.push_async_callback(shop.close)
        stack.push_async_callback(bank.close)
        for database in (shop, bank):
            async with database.transaction() as transaction:
                # The lease of the relay that was killed runs out.
                await transaction.execute("UPDATE lease SET expires_at = '-infinity'")
        inventory, payments = Inventory(shop, timedelta(minutes=15)), Payments(bank)
        reservations = await act(customer, shop, inventory, Wallets(bank))
        for create_app in (inventory_app.create_app, payments_app.create_app):
            await stack.enter_async_context(running(create_app(os.environ)))
        while await states(inventory, payments, reservations) != FINAL:  # noqa: ASYNC110 - it watches a database
            await asyncio.sleep(0.05)


async def act(customer: str, shop: Database, inventory: Inventory, wallets: Wallets) -> dict[str, UUID]:
    """What a customer does; each step has its effect once, however often it is tried."""
    async with shop.transaction() as transaction:
        for article in (MUG, BELL):
            await store.add_product(transaction, article)
    await wallets.top_up(customer, 10_000, "money")
    reservations = {
        "bought": await reserve(customer, inventory, "MUG", 2),
        "too dear": await reserve(customer, inventory, "BELL", 1),
        "given back": await reserve(customer, inventory, "MUG", 3),
        "slept over": await reserve(customer, Inventory(shop, timedelta(0)), "MUG", 1),
    }
    await inventory.release(customer, reservations["given back"])
    return reservations


async def reserve(customer: str, inventory: Inventory, sku: str, quantity: int) -> UUID:
    held = await inventory.reserve(customer, sku, quantity, f"{quantity} {sku}")
    assert isinstance(held, Reservation)
    return held.id


async def states(
    inventory: Inventory, payments: Payments, reservations: dict[str, UUID]
) -> dict[str, tuple[str, str]]:
    held = await inventory.find_reservations(list(reservations.values()))
    paid = await payments.find("reservation_id", list(reservations.values()))
    return {
        name: (held[id_].state.value, paid[id_].state.value if id_ in paid else "")
        for name, id_ in reservations.items()
    }


if __name__ == "__main__":
    main()
