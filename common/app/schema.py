"""A Strawberry federation schema as every subgraph builds it."""

from collections.abc import Iterable

import strawberry.federation
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import ExecutionContext

_CACHED_OPERATIONS = 256


class _Schema(strawberry.federation.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leaves logging to the endpoint, which knows a refusal from a defect."""


def subgraph_schema(
    *, query: type, mutation: type | None = None, types: Iterable[type] = ()
) -> strawberry.federation.Schema:
    """The schema of `query` and `mutation`; `types` are entities that no field leads to.

    Documents are parsed and validated once, since a router sends the same few operations again and again.
    """
    return _Schema(
        query=query,
        mutation=mutation,
        types=types,
        federation_version="2.9",
        extensions=[lambda: ParserCache(_CACHED_OPERATIONS), lambda: ValidationCache(_CACHED_OPERATIONS)],
    )
