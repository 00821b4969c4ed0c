"""Identity's GraphQL, thin: it turns arguments into calls of the service and outcomes into types."""

from subgraphs.identity.api.context import Context
from subgraphs.identity.api.schema import schema

__all__ = ["Context", "schema"]
