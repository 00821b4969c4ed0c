"""Buyers in processes of their own, which a test kills; run as `buying.py FAILPOINT...` or `buying.py --rush`.

Processes are forked, so that each costs no imports.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from common import failpoints
from common.database import Database, RetryableError
from common.events import Message
from common.events.inbox import receive
from subgraphs.inventory import store
from subgraphs.inventory.domain import Article, Money, Reservation
from subgraphs.inventory.domain.reservations import Demand
from subgraphs.inventory.domain.warehousing import Adjustment, Arrival, Policy, StockMove, Transfer, Warehouse
from subgraphs.inventory.events import (
    CheckoutAuthorised,
    CheckoutFailed,
    CheckoutStarted,
    QuotaSent,
    QuotaWanted,
)
from subgraphs.inventory.service import checkout, quotas
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.service.stocktakes import Stocktake, Stocktakes

PATIENCE = 120  # seconds for one process
BUYERS, PROCESSES, PIECES = 1_000, 8, 100
CHECKOUT = UUID(int=1)

Act = Callable[[Database, Services], Awaitable[Any]]


def fork(act: Act, failpoint: str = "") -> int:
    """Do `act` in a process; its id."""
    child = os.fork()
    if child:
        return child
    signal.alarm(PATIENCE)
    failpoints._armed = failpoints._parse(failpoint)
    asyncio.run(_with_services(act))
    os._exit(0)


def wait(child: int) -> int:
    """The exit status, less than 0 by a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def _with_services(act: Act) -> None:
    database = Database.open(os.environ["DATABASE_URL"], schema="inventory")
    try:
        await act(database, Services.of(database, timedelta(minutes=15)))
    finally:
        await database.close()


def rush() -> None:
    """A thousand buyers of a hundred pieces, half of whose processes are killed; then those that are left serve all."""
    wait(fork(_stock_up))
    chance = random.Random(11)
    children = [fork(_buying(range(number, BUYERS, PROCESSES))) for number in range(PROCESSES)]
    for child in children[::2]:
        time.sleep(chance.uniform(0.2, 0.8))
        os.kill(child, signal.SIGKILL)
    statuses = [wait(child) for child in children]
    again = wait(fork(_buying(range(BUYERS))))
    print(json.dumps({"statuses": statuses, "again": again}))  # noqa: T201 - what the test reads


async def _stock_up(database: Database, services: Services) -> None:
    async with database.transaction() as transaction:
        await store.add_product(transaction, Article("RUSH", "Rush", "", "", Money(1, "EUR"), PIECES))
    await services.hot.split("RUSH", 16)


def _buying(buyers: range) -> Act:
    async def act(_: Database, services: Services) -> None:
        await _until_served(services.hot.look)
        turns = asyncio.Semaphore(8)

        async def buy(buyer: int) -> None:
            async with turns:
                await _until_served(lambda: services.reservations.reserve(f"buyer-{buyer}", "RUSH", 1, "k"))

        await asyncio.gather(*(buy(buyer) for buyer in buyers))

    return act


async def _until_served(ask: Callable[[], Awaitable[Any]]) -> None:
    """Ask again, as a client does, while the answer is that it may well be had a moment later."""
    while True:
        try:
            await ask()
        except RetryableError as error:
            print(f"again: {error!r}", file=sys.stderr)  # noqa: T201 - what is seen when the test fails
            await asyncio.sleep(0.05)
        else:
            return


async def _reserve(services: Services, key: str, *skus: str) -> Reservation:
    """One piece of each."""
    held = await services.reservations.reserve_lines("ada", [Demand(sku, 1) for sku in skus], key)
    assert isinstance(held, Reservation)
    return held


async def _check_out(database: Database, services: Services) -> None:
    """One reservation that is paid, shipped and refunded, and one that fails before."""
    for key in ("paid", "failed"):
        held = await _reserve(services, key, "MUG", "MUG")
        known: dict[str, Any] = {"reservation_id": held.id, "checkout_id": CHECKOUT}
        deadline = datetime.now(UTC) + timedelta(hours=1)
        steps: list[tuple[Any, Any]] = [
            (
                checkout.on_checkout_started,
                CheckoutStarted(**known, payer_id="ada", expires_at=deadline),
            ),
            (checkout.on_checkout_authorised, CheckoutAuthorised(**known)),
            (checkout.on_checkout_failed, CheckoutFailed(**known)),
        ]
        for handler, event in steps[: 2 if key == "paid" else 3]:
            async with database.transaction() as transaction:
                await handler(transaction, event)
        if key == "paid":
            await services.warehousing.ship(held.id)


def _letting_go(name: str) -> Act:
    """Three reservations: one is released, one swept, one kept for longer; two of them are carts."""

    async def act(database: Database, services: Services) -> None:
        released = await _reserve(services, f"{name} 1", "MUG")
        lapsed = await _reserve(services, f"{name} 2", "MUG", "TEA")
        kept = await _reserve(services, f"{name} 3", "MUG", "TEA")
        await services.reservations.extend("ada", kept.id)
        await services.reservations.release("ada", released.id)
        async with database.transaction() as transaction:
            late = "UPDATE reservation SET expires_at = now() WHERE id = :id AND state = 'HELD'"
            await transaction.execute(late, {"id": lapsed.id})
        await services.reservations.expire_due()

    return act


async def _work(_: Database, services: Services) -> None:
    """Everything that people in a warehouse do."""
    lines = [Demand("MUG", 4)]
    warehousing = services.warehousing
    await warehousing.put_warehouse(Warehouse("SOUTH", "South", "US", 2))
    await warehousing.move("eve", StockMove.RECEIVE, "MAIN", lines, "k")
    sent = await services.transfers.send("eve", "MAIN", "SOUTH", lines, "k")
    assert isinstance(sent, Transfer)
    await services.transfers.receive("eve", sent.id, [Arrival("MUG", 3, 1)], "k")
    await warehousing.adjust([Adjustment("MUG", "SOUTH", 2, 3)])
    await services.hot.split("MUG", 4)
    await services.hot.split("MUG", 0)
    await warehousing.set_policy("MUG", "SOUTH", Policy(0, 0, 5))
    await services.stock.tell_low()


async def _count(database: Database, services: Services) -> None:
    """A stocktake; that of a process that was killed is over."""
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE lease SET expires_at = '-infinity'")
    stocktake = await services.stocktakes.start("eve", "MAIN")
    assert isinstance(stocktake, Stocktake)
    await services.stocktakes.count(stocktake, [Demand("ROPE", 6)])


async def _import(_: Database, services: Services) -> None:
    async def lines() -> AsyncIterator[str]:
        for line in ("sku,warehouse,quantity,compare_quantity", "TEA,MAIN,90,100"):
            yield line

    await services.imports.run("file", lines())


def _moving_quota(sku: str, message_id: int) -> Act:
    """One region wants some of another's quota: each message has its effect once."""

    async def act(database: Database, services: Services) -> None:
        if not await services.quotas.find_quotas([sku]):
            for region, granted in (("EU", 4), ("US", 0)):
                await services.quotas.put_quota(sku, region, granted)
        wanted = QuotaWanted(sku=sku, region="US", quantity=3)
        await _deliver(database, UUID(int=message_id), wanted, quotas.on_quota_wanted)
        async with database.transaction() as transaction:
            query = "SELECT message_id, payload::text FROM outbox WHERE subject = 'inventory.quota.sent' AND payload->>'sku' = :sku"
            [row] = await transaction.execute(query, {"sku": sku})
        sent = msgspec.json.decode(row.payload, type=QuotaSent)
        await _deliver(database, row.message_id, sent, quotas.on_quota_sent)
        await services.quotas.look()

    return act


async def _deliver(database: Database, id_: UUID, event: Any, handler: Any) -> None:
    message = Message(id=id_, subject=event.subject, payload=b"", headers={})
    async with database.transaction() as transaction:
        if await receive(transaction, "inventory", message):
            await handler(transaction, event)


LETTING_GO = (
    "inventory.reserve.after_take",
    "inventory.reserve.before_commit",
    "inventory.reserve.after_commit",
    "inventory.extend.before_commit",
    "inventory.release.before_commit",
    "inventory.expire.before_commit",
)
ACTS: Mapping[str, Act] = {
    "inventory.paying.before_commit": _check_out,
    "inventory.authorised.before_commit": _check_out,
    "inventory.failed.before_commit": _check_out,
    "stock.ship.before_commit": _check_out,
    "stock.low.before_commit": _work,  # before the others: a crossing is told once
    "stock.count.before_fence": _count,
    "stock.count.before_commit": _count,
    "stock.import.before_progress": _import,
    "stock.quota.before_sending": _moving_quota("ROPE", 2),
    "stock.quota.before_receiving": _moving_quota("TEA", 3),
    "stock.quota.before_giving_back": _moving_quota("ROPE", 2),
    "stock.move.before_commit": _work,
    "stock.adjust.before_commit": _work,
    "stock.send.before_commit": _work,
    "stock.receive.before_commit": _work,
    "stock.split.before_commit": _work,
    **{name: _letting_go(name) for name in LETTING_GO},  # the last: the file compares the tea that there is
}


def sleep_over() -> None:
    """A counter is stopped before its count for longer than its stocktake lasts; another counts; the first wakes."""

    async def count(database: Database, _: Services, quantity: int) -> None:
        stocktakes = Stocktakes(database, timedelta(seconds=1))
        stocktake: object = None
        while not isinstance(stocktake, Stocktake):
            stocktake = await stocktakes.start("eve", "MAIN")
            await asyncio.sleep(0.05)
        outcome = await stocktakes.count(stocktake, [Demand("ROPE", quantity)])
        print(json.dumps([stocktake.token, type(outcome).__name__]), flush=True)  # noqa: T201 - what the test reads

    stopped = fork(lambda *of: count(*of, quantity=3), "stock.count.before_fence:pause")
    os.waitpid(stopped, os.WUNTRACED)
    wait(fork(lambda *of: count(*of, quantity=9)))
    os.kill(stopped, signal.SIGCONT)
    wait(stopped)


def main() -> None:
    if sys.argv[1:] == ["--rush"]:
        rush()
    if sys.argv[1:] == ["--sleep-over"]:
        sleep_over()
    for failpoint in sys.argv[1:]:
        if failpoint in ACTS:
            act = ACTS[failpoint]
            ends = wait(fork(act, f"{failpoint}:kill")), wait(fork(act))
            print(json.dumps([failpoint, *ends]), flush=True)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()
