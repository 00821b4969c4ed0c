"""What is wrong with a supergraph SDL, with a stable code and the places in the text."""

from collections.abc import Iterable

from graphql import GraphQLSyntaxError, Node
from msgspec import Struct


class SourceLocation(Struct, frozen=True):
    """A place in the supergraph SDL; both numbers start at 1."""

    line: int
    column: int


class SupergraphError(Exception):
    """A text that is no supergraph Hansa can serve.

    `code` is one of INVALID_GRAPHQL, INVALID_FEDERATION_SUPERGRAPH, UNSUPPORTED_FEDERATION_VERSION and
    UNSUPPORTED_LINKED_FEATURE.
    """

    def __init__(self, code: str, message: str, locations: Iterable[SourceLocation] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.locations = tuple(locations)

    @classmethod
    def at(cls, code: str, message: str, node: Node | None) -> "SupergraphError":
        return cls(code, message, [location] if (location := location_of(node)) else [])

    @classmethod
    def from_syntax(cls, error: GraphQLSyntaxError) -> "SupergraphError":
        places = [SourceLocation(place.line, place.column) for place in error.locations or ()]
        return cls("INVALID_GRAPHQL", error.message, places)


def location_of(node: Node | None) -> SourceLocation | None:
    if node is None or node.loc is None:
        return None
    token = node.loc.start_token
    return SourceLocation(token.line, token.column)
