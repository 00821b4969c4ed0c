"""What is sold: products, their variants, and the catalogue's order."""

from uuid import UUID

import msgspec
from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.inventory.domain.limits import PurchaseLimit

MAX_PRICE = 2_000_000
"""Minor units. With a reservation's most pieces it keeps every line's total inside GraphQL's 32-bit Int."""

MAX_SKU = 64
MAX_SEARCH = 200


class Money(Struct, frozen=True):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str


class Variant(Struct, frozen=True, kw_only=True):
    """One form of a product, such as a size: what has a SKU, a price and a stock. `title` is empty for a product's only one.

    `limit` is how many one person may have.
    """

    id: UUID
    product_id: UUID
    sku: str
    title: str
    price: Money
    limit: PurchaseLimit | None


class Product(Struct, frozen=True, kw_only=True):
    """What the catalogue shows; `variants` are in their order, and there is one at least."""

    id: UUID
    name: str
    description: str
    category: str
    variants: tuple[Variant, ...]


class Article(Struct, frozen=True):
    """A variant that is to join the catalogue, and the pieces that are delivered with it to `warehouse`.

    It is a product of its own, or joins the one that the SKU `beside` is of.
    """

    sku: str
    name: str
    description: str
    category: str
    price: Money
    pieces: int
    title: str = ""
    beside: str | None = None
    warehouse: str = "MAIN"


class ProductPosition(Struct, frozen=True, array_like=True):
    """A place in the catalogue's order, which is by name and then by id. What a cursor carries."""

    name: str
    id: UUID


class ProductPage(Struct, frozen=True):
    """Neighbours in the catalogue, and whether there are more behind them."""

    products: list[Product]
    has_next: bool


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
