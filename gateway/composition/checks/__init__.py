"""Checks a supergraph against the one before: what changed for clients, and which of their operations feel it."""

from gateway.composition.checks.changes import Change, Level, compare
from gateway.composition.checks.usage import used_coordinates

__all__ = ("Change", "Level", "compare", "used_coordinates")
