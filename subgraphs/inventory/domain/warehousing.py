"""What people in a warehouse do with pieces, and which of it makes sense."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import MAX_SKU, check_text
from subgraphs.inventory.domain.reservations import MAX_LINES, Demand
from subgraphs.inventory.domain.stock import MAX_PIECES, Bucket, Movement, Place, Reason, StockLevel


class StockMove(StrEnum):
    """From one bucket of a warehouse to another of the same."""

    EXPECT = "EXPECT"
    ARRIVE = "ARRIVE"
    RECEIVE = "RECEIVE"
    SET_ASIDE = "SET_ASIDE"
    PUT_BACK = "PUT_BACK"
    SCRAP = "SCRAP"

    @property
    def buckets(self) -> tuple[Bucket, Bucket]:
        return _BUCKETS[self]


_BUCKETS = {
    StockMove.EXPECT: (Bucket.OUTSIDE, Bucket.INCOMING),
    StockMove.ARRIVE: (Bucket.INCOMING, Bucket.AVAILABLE),
    StockMove.RECEIVE: (Bucket.OUTSIDE, Bucket.AVAILABLE),
    StockMove.SET_ASIDE: (Bucket.AVAILABLE, Bucket.UNAVAILABLE),
    StockMove.PUT_BACK: (Bucket.UNAVAILABLE, Bucket.AVAILABLE),
    StockMove.SCRAP: (Bucket.UNAVAILABLE, Bucket.OUTSIDE),
}


class Warehouse(Struct, frozen=True):
    """A house with pieces, in a region; the lower its `priority`, the sooner it is taken from."""

    id: str
    name: str
    region: str
    priority: int


class UnknownWarehouse(Struct, frozen=True, tag=True):
    """No warehouse has the id."""

    id: str


class Adjustment(Struct, frozen=True):
    """There are `quantity` available pieces now, where whoever counted believed that there were `compare_quantity`."""

    sku: str
    warehouse: str
    quantity: int
    compare_quantity: int


class StaleQuantity(Struct, frozen=True):
    """Another number is available than was compared with; nothing was changed."""

    sku: str
    warehouse: str
    compared: int
    available: int


class TransferLine(Struct, frozen=True):
    """Pieces of a variant on their way; those neither `received` nor `lost` are still in transit."""

    variant_id: UUID
    sku: str
    quantity: int
    received: int
    lost: int

    @property
    def open(self) -> int:
        return self.quantity - self.received - self.lost


class Transfer(Struct, frozen=True):
    """Pieces that left one warehouse for another."""

    id: UUID
    source: str
    target: str
    created_at: datetime
    lines: tuple[TransferLine, ...]

    @property
    def is_open(self) -> bool:
        return any(line.open for line in self.lines)


class Arrival(Struct, frozen=True):
    """What became of pieces on their way."""

    sku: str
    received: int
    lost: int


class Policy(Struct, frozen=True):
    """What of a variant in a warehouse may be sold, and when it is low; see `StockLevel`."""

    safety: int
    backorder_limit: int
    low_at: int


def check_warehouse_id(field: str, id_: str) -> str:
    """Return `id_`, or raise InvalidInputError unless a warehouse may have it."""
    if not 1 <= len(id_) <= 16 or not set(id_) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"):
        raise InvalidInputError(field, "must be 1 to 16 capital letters, digits and hyphens")
    return id_


def check_pieces(field: str, pieces: int, least: int = 0) -> int:
    """Return `pieces`, or raise InvalidInputError unless they are `least` to `MAX_PIECES`."""
    if not least <= pieces <= MAX_PIECES:
        raise InvalidInputError(field, f"must be between {least} and {MAX_PIECES}, not {pieces}")
    return pieces


def check_batch(lines: Sequence[Demand], least: int = 1) -> tuple[Demand, ...]:
    """The lines with those of one SKU summed, in the order of their SKUs. Raises InvalidInputError.

    Of each there must be `least` pieces.
    """
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInputError("lines", f"must be between 1 and {MAX_LINES}, not {len(lines)}")
    sums: dict[str, int] = {}
    for line in lines:
        sku = check_text("sku", line.sku, MAX_SKU)
        sums[sku] = check_pieces(
            "quantity", sums.get(sku, 0) + check_pieces("quantity", line.quantity, least)
        )
    return tuple(Demand(sku, quantity) for sku, quantity in sorted(sums.items()))


def check_policy(policy: Policy) -> Policy:
    """Return `policy`. Raises InvalidInputError."""
    for field, pieces in (
        ("safetyStock", policy.safety),
        ("backorderLimit", policy.backorder_limit),
        ("lowAt", policy.low_at),
    ):
        check_pieces(field, pieces)
    if policy.safety and policy.backorder_limit:
        raise InvalidInputError("backorderLimit", "must be 0 where there is a safety stock")
    return policy


def draw(
    levels: Sequence[tuple[Place, StockLevel]],
    quantity: int,
    *,
    source: Bucket,
    target: Bucket,
    reason: Reason,
    reference: UUID | None = None,
    to: Place | None = None,
) -> list[Movement] | None:
    """Movements of `quantity` pieces out of the places' `source`, the first place first; None when there are too few."""
    movements = []
    for place, level in levels:
        taken = min(quantity, max(0, getattr(level, source.value.lower())))
        if taken:
            movements.append(
                Movement(
                    place=place,
                    source=source,
                    target=target,
                    quantity=taken,
                    reason=reason,
                    reference=reference,
                    to=to,
                )
            )
        quantity -= taken
    return None if quantity else movements
