"""What people in a warehouse do: move, adjust, ship and transfer pieces, say what may be sold, and make bundles."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError, check_idempotency_key
from subgraphs.inventory.domain.catalogue import MAX_SKU, Variant, check_text
from subgraphs.inventory.domain.reservations import (
    MAX_LINES,
    Demand,
    InsufficientStock,
    Reservation,
    UnknownProduct,
    UnknownReservation,
)
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason, VariantLevel
from subgraphs.inventory.domain.warehousing import (
    Adjustment,
    Policy,
    StaleQuantity,
    StockMove,
    UnknownWarehouse,
    Warehouse,
    check_batch,
    check_pieces,
    check_policy,
    check_warehouse_id,
    draw,
)
from subgraphs.inventory.service.moving import Done, Levels, correction, find_all, move_lines, record
from subgraphs.inventory.store import bundles, ending, warehouses
from subgraphs.inventory.store import stock as store
from subgraphs.inventory.store.reservations import find_reservations


class _MoveRequest(Struct, frozen=True):
    move: StockMove
    warehouse: str
    lines: tuple[Demand, ...]


class _Receipt(Struct, frozen=True):
    outcome: Done | InsufficientStock | UnknownProduct | UnknownWarehouse


class Warehousing:
    """Each call is one transaction; who may call is for the door to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_warehouse(self, warehouse: Warehouse) -> Warehouse:
        """Add a warehouse, or change the one of that id. Raises InvalidInputError."""
        checked = Warehouse(
            check_warehouse_id("id", warehouse.id),
            check_text("name", warehouse.name, 100),
            check_text("region", warehouse.region, 16),
            check_pieces("priority", warehouse.priority),
        )
        async with self._database.transaction() as transaction:
            await warehouses.put_warehouse(transaction, checked)
        return checked

    async def move(
        self, caller_id: str, move: StockMove, warehouse: str, lines: Sequence[Demand], idempotency_key: str
    ) -> Done | InsufficientStock | UnknownProduct | UnknownWarehouse:
        """Move pieces between buckets, all or none, and once for each key of a caller.

        Raises:
            InvalidInputError, IdempotencyMismatch
        """
        request = _MoveRequest(move, check_warehouse_id("warehouse", warehouse), check_batch(lines))
        async with self._database.transaction() as transaction:
            receipt = await idempotency.once(
                transaction,
                scope=f"moveStock:{caller_id}",
                key=check_idempotency_key(idempotency_key),
                request=request,
                run=lambda: _move(transaction, request),
                result=_Receipt,
            )
            failpoint("stock.move.before_commit")
        return receipt.outcome

    async def adjust(
        self, changes: Sequence[Adjustment]
    ) -> Done | tuple[StaleQuantity, ...] | UnknownProduct | UnknownWarehouse:
        """Set available quantities, all or none, if each is what the caller believes. Raises InvalidInputError."""
        check_changes(changes)
        async with self._database.transaction() as transaction:
            variants = await find_all(
                transaction, [each.sku for each in changes], [each.warehouse for each in changes]
            )
            if not isinstance(variants, Mapping):
                return variants
            places = [Place.of(variants[each.sku].id, each.warehouse) for each in changes]
            await store.add_levels(transaction, places)
            await store.lock_variants(transaction, [place.variant_id for place in places])
            outcome = await _adjust(transaction, changes, variants)
            failpoint("stock.adjust.before_commit")
            return outcome

    async def set_policy(
        self, sku: str, warehouse: str, policy: Policy
    ) -> VariantLevel | UnknownProduct | UnknownWarehouse:
        """Say what may be sold. Raises InvalidInputError, also when more is sold already than could be."""
        checked = check_policy(policy)
        async with self._database.transaction() as transaction:
            variants = await find_all(transaction, [sku], [warehouse])
            if not isinstance(variants, Mapping):
                return variants
            variant_id = variants[sku].id
            await store.add_levels(transaction, [Place.of(variant_id, warehouse)])
            await store.lock_variants(transaction, [variant_id])
            if not await warehouses.set_policy(transaction, variant_id, warehouse, checked):
                raise InvalidInputError("backorderLimit", "is less than what is sold already")
            transaction.changed(store.CHANGED, str(variant_id))
            found = await store.find_levels(transaction, variant_ids=[variant_id])
        return next(level for level in found if level.warehouse == warehouse)

    async def ship(self, reservation_id: UUID) -> Reservation | UnknownReservation:
        """Let what was sold leave the house; again it is shipped already, and nothing happens.

        What was never sold is as unknown as what was never reserved.
        """
        async with self._database.transaction() as transaction:
            await store.lock_reserved(transaction, [reservation_id])
            await ending.ship(transaction, reservation_id)
            failpoint("stock.ship.before_commit")
            found = (await find_reservations(transaction, [reservation_id])).get(reservation_id)
            return UnknownReservation() if found is None or found.shipped_at is None else found

    async def put_bundle(self, sku: str, parts: Sequence[Demand]) -> Variant | UnknownProduct:
        """Make a variant a bundle of others. Raises InvalidInputError."""
        wanted = check_batch(parts)
        async with self._database.transaction() as transaction:
            variants = await find_all(transaction, [sku, *(part.sku for part in wanted)], [])
            if not isinstance(variants, Mapping):
                assert isinstance(variants, UnknownProduct), "no warehouse was asked for"
                return variants
            made_of = {variants[part.sku].id: part.quantity for part in wanted}
            bundle = variants[sku]
            if bundle.id in made_of or max(made_of.values()) > MAX_PARTS:
                raise InvalidInputError("parts", f"must be others, {MAX_PARTS} of each at most")
            if not await bundles.put_bundle(transaction, bundle.id, made_of):
                raise InvalidInputError("sku", "has pieces of its own, or bundles would be made of bundles")
            return bundle


MAX_PARTS = 1000


def check_changes(changes: Sequence[Adjustment]) -> None:
    """Raise InvalidInputError unless each place is adjusted once, to what may be there."""
    if not 1 <= len(changes) <= MAX_LINES:
        raise InvalidInputError("changes", f"must be between 1 and {MAX_LINES}, not {len(changes)}")
    if len({(each.sku, each.warehouse) for each in changes}) < len(changes):
        raise InvalidInputError("changes", "must not name one place twice")
    for each in changes:
        check_text("sku", each.sku, MAX_SKU)
        check_pieces("quantity", each.quantity)


async def _move(transaction: Transaction, request: _MoveRequest) -> _Receipt:
    source, target = request.move.buckets

    def movements_of(variant_id: UUID, quantity: int, levels: Levels) -> list[Movement] | None:
        if source is Bucket.OUTSIDE:
            place = Place.of(variant_id, request.warehouse)
            return [
                Movement(place=place, source=source, target=target, quantity=quantity, reason=Reason.MOVED)
            ]
        return draw(levels, quantity, source=source, target=target, reason=Reason.MOVED)

    outcome = await move_lines(transaction, request.lines, (request.warehouse, source), movements_of)
    return _Receipt(Done() if isinstance(outcome, Mapping) else outcome)


async def _adjust(
    transaction: Transaction, changes: Sequence[Adjustment], variants: Mapping[str, Variant]
) -> Done | tuple[StaleQuantity, ...]:
    stale: list[StaleQuantity] = []
    movements: list[Movement] = []
    for each in changes:
        variant_id = variants[each.sku].id
        levels = await store.read_counts(transaction, [variant_id], each.warehouse)
        available = sum(level.available for _, level in levels)
        if available != each.compare_quantity:
            stale.append(StaleQuantity(each.sku, each.warehouse, each.compare_quantity, available))
        movements += correction(levels, each.quantity - available, Reason.ADJUSTED) or []
    if stale:
        return tuple(stale)
    await record(transaction, movements)
    return Done()
