"""Guarantee 3 of inventory's README, whatever is done: pieces come and go only by what lets them, and no bucket is below zero."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.database import Database
from subgraphs.inventory.domain.reservations import Demand, Reservation
from subgraphs.inventory.domain.warehousing import Adjustment, Arrival, StockMove, Transfer, Warehouse
from subgraphs.inventory.events import CheckoutAuthorised, CheckoutFailed, CheckoutStarted
from subgraphs.inventory.service import checkout
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.service.warehousing import Done

SKUS = ("MUG", "ROPE")
PIECES = st.integers(1, 6)
OUTSIDE = {StockMove.EXPECT: 1, StockMove.RECEIVE: 1, StockMove.SCRAP: -1}

skus = st.sampled_from(SKUS)
steps = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(StockMove), skus, PIECES),
    st.tuples(st.just("reserve"), st.lists(st.builds(Demand, skus, PIECES), min_size=1, max_size=3)),
    st.tuples(st.just("release")),
    st.tuples(st.just("lapse")),
    st.tuples(st.just("check out"), st.sampled_from(["paid", "failed", "shipped"])),
    st.tuples(st.just("adjust"), skus, PIECES),
    st.tuples(st.just("send"), skus, PIECES, st.integers(0, 2)),
    st.tuples(st.just("split"), skus, st.sampled_from([0, 2, 5])),
)


class Shop:
    """Does steps, and knows how many pieces came from outside and went there."""

    def __init__(
        self, database: Database, services: Services, lapse: Callable[[UUID], Awaitable[None]]
    ) -> None:
        self.outside: Counter[str] = Counter()
        self._database = database
        self._services = services
        self._lapse = lapse
        self._held: list[Reservation] = []

    async def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("move", move, sku, quantity):
                lines = [Demand(sku, quantity)]
                done = await self._services.warehousing.move("eve", move, "MAIN", lines, str(uuid4()))
                self.outside[sku] += OUTSIDE.get(move, 0) * quantity * (done == Done())
            case ("reserve", demands):
                held = await self._services.reservations.reserve_lines("ada", demands, str(uuid4()))
                self._held += [held] if isinstance(held, Reservation) else []
            case ("release",) if self._held:
                await self._services.reservations.release("ada", self._held.pop().id)
            case ("lapse",) if self._held:
                await self._lapse(self._held.pop().id)
                await self._services.reservations.expire_due()
            case ("check out", end) if self._held:
                await self._check_out(self._held.pop(), end)
            case ("adjust", sku, quantity):
                await self._adjust(sku, quantity)
            case ("send", sku, quantity, lost):
                await self._send(sku, quantity, min(lost, quantity))
            case ("split", sku, parts):
                await self._services.hot.split(sku, parts)

    async def _check_out(self, held: Reservation, end: str) -> None:
        known: dict[str, Any] = {"reservation_id": held.id, "checkout_id": uuid4()}
        async with self._database.transaction() as transaction:
            started = CheckoutStarted(**known, payer_id="ada", expires_at=held.expires_at)
            await checkout.on_checkout_started(transaction, started)
            await checkout.on_checkout_authorised(transaction, CheckoutAuthorised(**known))
        if end == "shipped":
            await self._services.warehousing.ship(held.id)
            for line in held.lines:
                self.outside[line.sku] -= line.quantity
        if end != "paid":
            async with self._database.transaction() as transaction:
                await checkout.on_checkout_failed(transaction, CheckoutFailed(**known))

    async def _adjust(self, sku: str, quantity: int) -> None:
        async with self._database.transaction() as transaction:
            query = "SELECT sum(available)::int FROM level JOIN variant ON id = variant_id WHERE sku = :sku AND warehouse_id = 'MAIN'"
            available = (await transaction.execute(query, {"sku": sku})).scalar_one()
        assert (
            await self._services.warehousing.adjust([Adjustment(sku, "MAIN", quantity, available)]) == Done()
        )
        self.outside[sku] += quantity - available

    async def _send(self, sku: str, quantity: int, lost: int) -> None:
        transfers = self._services.transfers
        sent = await transfers.send("eve", "MAIN", "SOUTH", [Demand(sku, quantity)], str(uuid4()))
        if isinstance(sent, Transfer) and quantity % 2:
            await transfers.receive("eve", sent.id, [Arrival(sku, quantity - lost, lost)], str(uuid4()))
            self.outside[sku] -= lost


# What was done in one example stays for the next: what holds, holds after anything.
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(todo=st.lists(steps, min_size=3, max_size=8))
async def test_pieces_come_and_go_only_by_what_lets_them(
    database: Database,
    services: Services,
    lapse: Callable[[UUID], Awaitable[None]],
    stock: Callable[..., Any],
    todo: list[tuple[Any, ...]],
) -> None:
    await services.warehousing.put_warehouse(Warehouse("SOUTH", "South", "US", 2))
    shop = Shop(database, services, lapse)
    before = await pieces(database)
    for step in todo:
        await shop.do(step)
        assert await pieces(database) == {sku: before[sku] + shop.outside[sku] for sku in SKUS}, step
    await stock()


async def pieces(database: Database) -> dict[str, int]:
    """How many there are of each SKU, in all buckets of all places."""
    query = """SELECT sku, sum(available + held + committed + unavailable + in_transit + incoming)::int AS pieces,
        min(least(available, held, committed, unavailable, in_transit, incoming)) AS least
        FROM level JOIN variant ON id = variant_id GROUP BY sku"""
    async with database.transaction() as transaction:
        rows = (await transaction.execute(query)).all()
    assert all(row.least >= 0 for row in rows)
    return {row.sku: row.pieces for row in rows if row.sku in SKUS}
