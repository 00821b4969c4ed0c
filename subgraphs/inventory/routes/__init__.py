"""Inventory's HTTP doors: stock from files and to files, for those with a scope of inventory."""

from subgraphs.inventory.routes.imports import routes

__all__ = ("routes",)
