"""The tenants' GraphQL, thin: a concept a module, with its types, queries and mutations."""

from subgraphs.tenants.api.context import Context
from subgraphs.tenants.api.schema import schema

__all__ = ["Context", "schema"]
