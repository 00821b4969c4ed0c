"""Inventory's GraphQL, thin: it turns arguments into calls of the service and outcomes into types."""

from subgraphs.inventory.api.context import Context
from subgraphs.inventory.api.schema import schema

__all__ = ["Context", "schema"]
