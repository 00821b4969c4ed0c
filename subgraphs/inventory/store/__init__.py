"""Inventory's SQL, and nothing but: one module a concept.

**Locks are taken in one order**: first rows of `level` in the order of (slot > 0, variant, warehouse, slot), then rows of
`reservation` and others by their keys. A statement that takes one row of `level` alone waits for nothing after it. So no two
transactions wait for one another in a circle. Time is the database's.
"""

from subgraphs.inventory.store.catalogue import add_product

__all__ = ("add_product",)
