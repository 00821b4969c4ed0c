"""The supergraph: the text of a composition, read once, with everything that is derived from it."""

from collections.abc import Mapping
from types import MappingProxyType

from graphql import GraphQLSchema, GraphQLSyntaxError, SchemaDefinitionNode, parse

from gateway.supergraph.api_schema import build_api_schema
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
    ) -> None:
        self.sdl = sdl
        self.subgraphs = subgraphs
        self.types = types
        self.roots = roots
        self.api_schema = api_schema

    @classmethod
    def from_sdl(cls, text: str) -> "Supergraph":
        """Reads supergraph SDL with the join specification v0.2 to v0.5.

        Raises SupergraphError for what is not GraphQL, not a supergraph, or needs a feature that is unknown.
        """
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            raise SupergraphError.from_syntax(error) from error
        links = read_links(document)
        reader = SupergraphReader(document, links)
        roots = {
            operation.operation.value: operation.type.name.value
            for definition in document.definitions
            if isinstance(definition, SchemaDefinitionNode)
            for operation in definition.operation_types
        }
        subgraphs = reader.subgraphs()
        return cls(
            sdl=text,
            subgraphs=MappingProxyType(subgraphs),
            types=MappingProxyType(reader.types()),
            roots=MappingProxyType(roots),
            api_schema=build_api_schema(document, links),
        )
