"""What stock and a reservation are, and which requests make sense: pure rules, no I/O."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from common.inputs import InvalidInputError

MAX_QUANTITY = 1_000
"""Pieces in one reservation."""

MAX_PRICE = 2_000_000
"""Minor units. With `MAX_QUANTITY` it keeps every total inside GraphQL's 32-bit Int."""

MAX_SKU = 64
MAX_SEARCH = 200


class ReservationState(StrEnum):
    """A reservation is HELD once, and then ends once in one of the others."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class Bucket(StrEnum):
    """Where a piece is counted. A movement takes pieces out of one bucket and puts them into another."""

    OUTSIDE = "OUTSIDE"
    AVAILABLE = "AVAILABLE"
    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"


class Money(Struct, frozen=True):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str


class Product(Struct, frozen=True, kw_only=True):
    id: UUID
    sku: str
    name: str
    description: str
    category: str
    price: Money


class Article(Struct, frozen=True):
    """A product that is to join the catalogue, and the pieces that are delivered with it."""

    sku: str
    name: str
    description: str
    category: str
    price: Money
    pieces: int


class StockLevel(Struct, frozen=True, kw_only=True):
    """Pieces of one product. `on_hand` counts what is in the house, whoever it is promised to."""

    on_hand: int
    reserved: int
    committed: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.committed


class Reservation(Struct, frozen=True, kw_only=True):
    """Pieces held for an owner until `expires_at` (by the database's clock), at the price of that moment."""

    id: UUID
    owner_id: str
    product_id: UUID
    quantity: int
    total: Money
    state: ReservationState
    expires_at: datetime
    created_at: datetime


class InsufficientStock(Struct, frozen=True, tag=True):
    """Fewer pieces are available than were asked for; nothing was held."""

    requested: int
    available: int


class UnknownProduct(Struct, frozen=True, tag=True):
    """No product has the SKU."""

    sku: str


class UnknownReservation(Struct, frozen=True):
    """There is no such reservation, or it is someone else's: the two are not told apart."""


class EndedReservation(Struct, frozen=True):
    """The reservation ended before in `state` and stays so."""

    state: ReservationState


class ProductPosition(Struct, frozen=True, array_like=True):
    """A place in the catalogue's order, which is by name and then by id. What a cursor carries."""

    name: str
    id: UUID


class ProductPage(Struct, frozen=True):
    """Neighbours in the catalogue, and whether there are more behind them."""

    products: list[Product]
    has_next: bool


def check_quantity(quantity: int) -> int:
    """Return `quantity`, or raise InvalidInputError unless it is 1 to `MAX_QUANTITY` pieces."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidInputError("quantity", f"must be between 1 and {MAX_QUANTITY}, not {quantity}")
    return quantity


def check_text(field: str, text: str, longest: int) -> str:
    """Return `text` without outer blanks, or raise InvalidInputError when nothing is left or too much.

    Control characters are refused: no catalogue has them, and PostgreSQL cannot store NUL.
    """
    text = text.strip()
    if not text:
        raise InvalidInputError(field, "must not be empty")
    if len(text) > longest:
        raise InvalidInputError(field, f"must be at most {longest} characters long")
    if not text.isprintable():
        raise InvalidInputError(field, "must not contain control characters")
    return text


def encode_cursor(product: Product) -> str:
    """Return an opaque cursor for the product's place."""
    return msgspec.json.encode(ProductPosition(product.name, product.id)).hex()


def decode_cursor(cursor: str) -> ProductPosition:
    """Return the place that `encode_cursor` wrote down, or raise InvalidInputError."""
    try:
        position = msgspec.json.decode(bytes.fromhex(cursor), type=ProductPosition)
    except (ValueError, msgspec.DecodeError):
        raise InvalidInputError("after", "is not a cursor of this list") from None
    if "\0" in position.name:
        raise InvalidInputError("after", "is not a cursor of this list")
    return position
