"""Run inventory and payments in one process and bring four reservations to their ends.

It may be killed anywhere and started again, and exits with 0 when every reservation and payment has ended as it must.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

from common.app import running
from common.database import Database
from subgraphs.inventory import app as inventory_app
from subgraphs.inventory import store
from subgraphs.inventory.domain import Article, Money, Reservation
from subgraphs.inventory.service import Inventory
from subgraphs.payments import app as payments_app
from subgraphs.payments.service import Payments

MUG = Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1_000, "EUR"), 10)
BELL = Article("BELL", "Cast Bell", "Loud.", "On board", Money(900_000, "EUR"), 1)
FINAL = {
    "bought": ("COMMITTED", "CAPTURED"),
    "too dear": ("RELEASED", "DECLINED"),
    "given back": ("RELEASED", "REFUNDED"),
    "slept over": ("EXPIRED", "DECLINED"),
}


async def main() -> None:
    url = os.environ["DATABASE_URL"]
    async with AsyncExitStack() as stack:
        shop, bank = Database.open(url, schema="inventory"), Database.open(url, schema="payments")
        stack.push_async_callback(shop.close)
        stack.push_async_callback(bank.close)
        inventory, payments = Inventory(shop, timedelta(minutes=15)), Payments(bank)
        reservations = await act(shop, inventory, payments)
        for create_app in (inventory_app.create_app, payments_app.create_app):
            await stack.enter_async_context(running(create_app(os.environ)))
        while await states(inventory, payments, reservations) != FINAL:  # noqa: ASYNC110 - it watches a database
            await asyncio.sleep(0.05)


async def act(shop: Database, inventory: Inventory, payments: Payments) -> dict[str, UUID]:
    """What customers do; each step has its effect once, however often it is tried."""
    async with shop.transaction() as transaction:
        for article in (MUG, BELL):
            await store.add_product(transaction, article)
    await payments.top_up("ada", 10_000, "money")
    reservations = {
        "bought": await reserve(inventory, "MUG", 2, "bought"),
        "too dear": await reserve(inventory, "BELL", 1, "too dear"),
        "given back": await reserve(inventory, "MUG", 3, "given back"),
        "slept over": await reserve(Inventory(shop, timedelta(0)), "MUG", 1, "slept over"),
    }
    await inventory.release("ada", reservations["given back"])
    return reservations


async def reserve(inventory: Inventory, sku: str, quantity: int, key: str) -> UUID:
    held = await inventory.reserve("ada", sku, quantity, key)
    assert isinstance(held, Reservation)
    return held.id


async def states(
    inventory: Inventory, payments: Payments, reservations: dict[str, UUID]
) -> dict[str, tuple[str, str]]:
    held = await inventory.find_reservations(list(reservations.values()))
    paid = await payments.find_payments("reservation_id", list(reservations.values()))
    return {
        name: (held[id_].state.value, paid[id_].state.value if id_ in paid else "")
        for name, id_ in reservations.items()
    }


if __name__ == "__main__":
    asyncio.run(main())
