"""Inventory's rules, with no I/O: one module a concept."""

from subgraphs.inventory.domain.catalogue import Article, Money
from subgraphs.inventory.domain.reservations import Reservation

__all__ = ("Article", "Money", "Reservation")
