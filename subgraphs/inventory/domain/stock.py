"""Where pieces are counted: buckets, the places that have them, and movements from one to another by double entry."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

MAX_PIECES = 1_000_000_000
"""Of a variant in all its buckets and places, and in one movement: no count of a level can leave 32 bits."""


class Bucket(StrEnum):
    """A movement takes pieces out of one bucket and puts them into another; what is OUTSIDE is nobody's here."""

    OUTSIDE = "OUTSIDE"
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    COMMITTED = "COMMITTED"
    UNAVAILABLE = "UNAVAILABLE"
    IN_TRANSIT = "IN_TRANSIT"
    INCOMING = "INCOMING"


class Reason(StrEnum):
    """Why pieces moved."""

    DELIVERED = "DELIVERED"
    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    SHIPPED = "SHIPPED"
    MOVED = "MOVED"
    ADJUSTED = "ADJUSTED"
    TRANSFERRED = "TRANSFERRED"
    LOST = "LOST"
    COUNTED = "COUNTED"
    SPLIT = "SPLIT"


class Availability(StrEnum):
    """How much there is to sell, without the number."""

    IN_STOCK = "IN_STOCK"
    LOW = "LOW"
    OUT = "OUT"


class Place(Struct, frozen=True, order=True):
    """A row of `level`: a variant in a warehouse. `slot` is 0 but for the parts that a hot item is split into.

    Rows are locked in this order.
    """

    is_part: bool
    variant_id: UUID
    warehouse: str
    slot: int

    @classmethod
    def of(cls, variant_id: UUID, warehouse: str, slot: int = 0) -> "Place":
        return cls(slot > 0, variant_id, warehouse, slot)


class Movement(Struct, frozen=True, kw_only=True):
    """`quantity` pieces from a bucket at a place to a bucket at the same place, or at `to` of the same variant."""

    place: Place
    source: Bucket
    target: Bucket
    quantity: int
    reason: Reason
    reference: UUID | None = None
    to: Place | None = None


class StockLevel(Struct, frozen=True, kw_only=True):
    """Pieces by bucket, of one variant in one warehouse or of several together.

    `safety` of them are kept from being sold. `backorder_limit` may be sold that are not there yet: `available` is below
    zero then. When no more than `low_at` are left to sell, the stock is low.
    """

    available: int = 0
    held: int = 0
    committed: int = 0
    unavailable: int = 0
    in_transit: int = 0
    incoming: int = 0
    safety: int = 0
    backorder_limit: int = 0
    low_at: int = 0

    @property
    def on_hand(self) -> int:
        """In the house, whoever they are promised to."""
        return self.available + self.held + self.committed + self.unavailable

    def __add__(self, other: "StockLevel") -> "StockLevel":
        return StockLevel(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )

    @property
    def sellable(self) -> int:
        """What may be reserved now."""
        return max(0, self.available - self.safety + self.backorder_limit)

    @property
    def availability(self) -> Availability:
        """As much of it as everyone may know."""
        if self.sellable == 0:
            return Availability.OUT
        return Availability.LOW if self.sellable <= self.low_at else Availability.IN_STOCK


class PlaceLevel(Struct, frozen=True):
    """What one row of `level` has left to sell; the lower its warehouse's `priority`, the sooner it is taken from."""

    place: Place
    priority: int
    sellable: int


class VariantLevel(Struct, frozen=True, kw_only=True):
    """The stock of a variant of a product in one warehouse."""

    product_id: UUID
    variant_id: UUID
    sku: str
    warehouse: str
    region: str
    level: StockLevel
