"""Looking at the catalogue."""

from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from common.inputs import check_page
from subgraphs.inventory.domain.catalogue import (
    MAX_SEARCH,
    Product,
    ProductPage,
    Variant,
    check_text,
    decode_cursor,
)
from subgraphs.inventory.store import bundles
from subgraphs.inventory.store import catalogue as store


class Catalogue:
    """What is sold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_products(self, keys: Sequence[UUID | str]) -> dict[UUID | str, Product]:
        """The products whose id, or a SKU of which, is among `keys`, by both."""
        async with self._database.autocommit() as transaction:
            return await store.find_products(transaction, keys)

    async def find_variants(self, keys: Sequence[UUID | str]) -> dict[UUID | str, Variant]:
        """The variants whose id or whose SKU is among `keys`, by both."""
        async with self._database.autocommit() as transaction:
            return await store.find_variants(transaction, keys)

    async def find_made_of(self, variant_ids: Sequence[UUID]) -> set[UUID]:
        """The variants themselves, and those that the bundles among them are made of."""
        async with self._database.autocommit() as transaction:
            parts = await bundles.find_parts(transaction, variant_ids)
        return {*variant_ids, *(part for made_of in parts.values() for part in made_of)}

    async def list_products(self, first: int, after: str | None, search: str | None) -> ProductPage:
        """A page of the catalogue. Raises InvalidInputError for what cannot be a page, a cursor or a search."""
        position = decode_cursor(after) if after is not None else None
        words = check_text("search", search, MAX_SEARCH) if search is not None else None
        limit = check_page(first) + 1
        async with self._database.autocommit() as transaction:
            found = await store.list_products(transaction, limit=limit, after=position, search=words)
        return ProductPage(found[:first], len(found) > first)
