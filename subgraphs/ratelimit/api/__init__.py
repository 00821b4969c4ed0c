"""The rate limiter's GraphQL, thin: policies are read and changed here, decisions have doors of their own."""

from subgraphs.ratelimit.api.context import Context
from subgraphs.ratelimit.api.schema import schema

__all__ = ["Context", "schema"]
