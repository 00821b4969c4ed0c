"""The supergraph: the text of a composition, read once, with everything that is derived from it."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    parse,
)

from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.authorization import Authorization, read_authorization
from gateway.supergraph.cache_tags import CacheTags, read_cache_tags
from gateway.supergraph.costs import Costs, read_costs
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.links import read_links
from gateway.supergraph.model import SubgraphInfo, SupergraphType
from gateway.supergraph.reader import SupergraphReader


class Supergraph:
    """A supergraph of any composer. Immutable; safe to share between threads."""

    def __init__(
        self,
        *,
        sdl: str,
        subgraphs: Mapping[str, SubgraphInfo],
        types: Mapping[str, SupergraphType],
        roots: Mapping[str, str],
        api_schema: GraphQLSchema,
        authorization: Authorization,
        costs: Costs,
        cache_tags: CacheTags,
    ) -> None:
        self.sdl = sdl
        self.subgraphs = subgraphs
        self.types = types
        self.roots = roots
        self.api_schema = api_schema
        self.authorization = authorization
        self.costs = costs
        self.cache_tags = cache_tags
        self.override_labels = frozenset(
            join.override_label
            for type_ in types.values()
            for field in type_.fields.values()
            for join in field.joins.values()
            if join.override_label is not None
        )

    @classmethod
    def from_sdl(cls, text: str) -> "Supergraph":
        """Reads supergraph SDL with the join specification v0.2 to v0.5.

        Raises SupergraphError for what is not GraphQL, not a supergraph, or needs a feature that is unknown.
        """
        with _collector_paused():
            try:
                return cls._read(text, parse(text, no_location=True))
            except GraphQLSyntaxError as error:
                raise SupergraphError.from_syntax(error) from error
            except SupergraphError:
                # Places in the text cost a fifth of the time, and only an error needs them.
                return cls._read(text, parse(text))

    @classmethod
    def _read(cls, text: str, document: DocumentNode) -> "Supergraph":
        links = read_links(document)
        reader = SupergraphReader(document, links)
        subgraphs = reader.subgraphs()
        types = reader.types()
        return cls(
            sdl=text,
            subgraphs=MappingProxyType(subgraphs),
            types=MappingProxyType(types),
            roots=MappingProxyType(_roots(document, types)),
            api_schema=build_api_schema(document, links),
            authorization=read_authorization(document, links, types),
            costs=read_costs(document, links),
            cache_tags=read_cache_tags(document, links),
        )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection inside: a large document makes little garbage, and looking for it takes half the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _roots(document: DocumentNode, types: Mapping[str, SupergraphType]) -> dict[str, str]:
    """The root types by operation; those of the default names where no schema definition says them."""
    named = {
        operation.operation.value: operation.type.name.value
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode)
        for operation in definition.operation_types or ()
    }
    default = {
        kind.value: kind.value.capitalize() for kind in OperationType if kind.value.capitalize() in types
    }
    return named or default
