"""Limits a person: set by whoever keeps the stock, and seen to before anything is taken."""

from common.database import Database, Transaction
from subgraphs.inventory.domain.catalogue import Variant
from subgraphs.inventory.domain.limits import LimitReached, PurchaseLimit, check_limit
from subgraphs.inventory.domain.reservations import Order, UnknownProduct
from subgraphs.inventory.store import catalogue
from subgraphs.inventory.store import limits as store


class Limits:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_limit(self, sku: str, limit: PurchaseLimit | None) -> Variant | UnknownProduct:
        """Let a person have so many pieces, from now on; None for any number. Raises InvalidInputError."""
        checked = check_limit(limit) if limit else None
        async with self._database.transaction() as transaction:
            variant = (await catalogue.find_variants(transaction, [sku])).get(sku)
            if variant is None:
                return UnknownProduct(sku)
            await store.put_limit(transaction, variant.id, checked)
            return (await catalogue.find_variants(transaction, [sku]))[sku]


async def find_excess(transaction: Transaction, order: Order) -> LimitReached | None:
    """The first line of the order that would be more than the owner may have.

    Whoever has seen to the limits may take the pieces in the same transaction: the owner's other orders of limited SKUs wait for it.
    """
    limits = await store.lock_limits(transaction, order.owner_id, [demand.sku for demand in order.demands])
    owned = await store.count_owned(transaction, order.owner_id, list(limits)) if limits else {}
    for demand in order.demands:
        limit = limits.get(demand.sku)
        if limit is not None and demand.quantity + owned.get(demand.sku, 0) > limit.pieces:
            return LimitReached(demand.sku, limit.pieces, max(0, limit.pieces - owned.get(demand.sku, 0)))
    return None
