"""Inventory's SQL, and nothing but: one module a concept.

**Locks are taken in one order**: the buyer's and quotas; rows of `level` in the order of (slot > 0, variant, warehouse, slot); rows of
`reservation` and others by their keys; idempotency keys of reservations, whose holders wait for nothing more. A statement that takes one row of
`level` alone takes only such a key after it. So no two transactions wait for one another in a circle. Time is the database's.
"""

from subgraphs.inventory.store.catalogue import add_product

__all__ = ("add_product",)
