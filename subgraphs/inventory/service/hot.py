"""Hot items: found by how long their buyers wait for one another, or named by hand; split, and joined when all is quiet."""

import time
from datetime import timedelta

from common.database import Database
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import Variant
from subgraphs.inventory.domain.hot import MAX_PARTS, PARTS, Waits
from subgraphs.inventory.domain.reservations import UnknownProduct
from subgraphs.inventory.store import bundles, catalogue
from subgraphs.inventory.store import hot as store

IDLE = timedelta(minutes=1)
"""For so long nothing has moved of an item that is not hot any more."""


class HotItems:
    """`skus` are those that this process knows to be split: a hint, for reserving is right without it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waits = Waits()
        self.skus: frozenset[str] = frozenset()

    def note(self, sku: str, seconds: float) -> None:
        """A reservation of the SKU waited so long for its row."""
        self._waits.note(sku, seconds, time.monotonic())

    async def split(self, sku: str, parts: int) -> Variant | UnknownProduct:
        """Split an item into so many parts, or join it with 0. Raises InvalidInputError."""
        if parts and not 2 <= parts <= MAX_PARTS:
            raise InvalidInputError("parts", f"must be 0, or between 2 and {MAX_PARTS}, not {parts}")
        async with self._database.transaction() as transaction:
            variant = (await catalogue.find_variants(transaction, [sku])).get(sku)
            if variant is None:
                return UnknownProduct(sku)
            if await bundles.find_parts(transaction, [variant.id]):
                raise InvalidInputError("sku", "is that of a bundle, which has no pieces of its own")
            if parts:
                await store.split(transaction, variant.id, parts)
            else:
                await store.join(transaction, variant.id)
            failpoint("stock.split.before_commit")
        return variant

    async def look(self) -> None:
        """Split what has become hot, share out what a hot item has got, and join what is quiet."""
        async with self._database.transaction() as transaction:
            known = await store.list_hot(transaction, IDLE)
        hot = {sku for _, sku, _, _ in known}
        wanted = {sku: PARTS for sku in self._waits.hot(time.monotonic()) if sku not in hot}
        wanted |= {sku: PARTS for _, sku, is_uneven, is_idle in known if is_uneven and not is_idle}
        wanted |= {sku: 0 for _, sku, _, is_idle in known if is_idle}
        for sku, parts in wanted.items():
            await self.split(sku, parts)
        self.skus = frozenset((hot | wanted.keys()) - {sku for sku, parts in wanted.items() if not parts})
