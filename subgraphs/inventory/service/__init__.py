"""Inventory's use cases: one call, one transaction; the effect of an event is part of its consumer's."""

from subgraphs.inventory.service.reservations import Inventory

__all__ = ("Inventory",)
