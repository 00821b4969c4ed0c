"""Jobs' GraphQL, thin: it turns arguments into calls of the service and outcomes into types."""

from subgraphs.jobs.api.context import Context
from subgraphs.jobs.api.schema import schema

__all__ = ["Context", "schema"]
