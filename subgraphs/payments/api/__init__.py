"""Payments' GraphQL, thin: it turns arguments into calls of the service and outcomes into types."""

from subgraphs.payments.api.context import Context
from subgraphs.payments.api.schema import schema

__all__ = ["Context", "schema"]
