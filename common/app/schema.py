"""A Strawberry federation schema as every subgraph builds it."""

from collections.abc import Iterable
from functools import cached_property

import strawberry
import strawberry.federation
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.federation.schema import FederationAny
from strawberry.types import ExecutionContext

from common.app.entities import EntityResolver

_CACHED_OPERATIONS = 256


class _Schema(strawberry.federation.Schema):
    @cached_property
    def _entities(self) -> EntityResolver:
        definitions = {name: concrete.definition for name, concrete in self.schema_converter.type_map.items()}
        origins = {name: getattr(definition, "origin", None) for name, definition in definitions.items()}
        return EntityResolver(self._schema, {name: origin for name, origin in origins.items() if origin})

    def entities_resolver(
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """The entities in the order of their representations (Federation's `Query._entities`)."""
        return [self._entities.resolve(representation, info) for representation in representations]

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leaves logging to the endpoint, which knows a refusal from a defect."""


def subgraph_schema(
    *, query: type, mutation: type | None = None, subscription: type | None = None, types: Iterable[type] = ()
) -> strawberry.federation.Schema:
    """The schema of `query`, `mutation` and `subscription`; `types` are entities that no field leads to.

    Documents are parsed and validated once, since a router sends the same few operations again and again.
    """
    return _Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        federation_version="2.9",
        extensions=[lambda: ParserCache(_CACHED_OPERATIONS), lambda: ValidationCache(_CACHED_OPERATIONS)],
    )
