"""Why an operation cannot be planned."""

from collections.abc import Iterable, Iterator

from graphql import GraphQLError

from gateway.planning.selection import Selection
from gateway.supergraph import SourceLocation


class OperationError(Exception):
    """An operation that the supergraph cannot answer.

    `code` is one of PARSING_ERROR, GRAPHQL_VALIDATION_FAILED, GRAPHQL_UNKNOWN_OPERATION_NAME,
    UNSUPPORTED_OPERATION, UNREACHABLE_FIELD and QUERY_PLAN_COMPLEXITY_EXCEEDED; `errors` holds every reason, `locations` the places of all of them.
    """

    def __init__(self, code: str, errors: Iterable[GraphQLError]) -> None:
        self.code = code
        self.errors = tuple(errors)
        self.message = self.errors[0].message
        self.locations = tuple(
            SourceLocation(place.line, place.column)
            for error in self.errors
            for place in error.locations or ()
        )
        super().__init__(self.message)

    @classmethod
    def for_unreached(cls, selections: Iterable[Selection]) -> "OperationError":
        """What no subgraph can answer: the supergraph is not satisfiable."""
        fields = dict.fromkeys(name for selection in selections for name in _leaves(selection))
        return cls(
            "UNREACHABLE_FIELD", [GraphQLError(f"No subgraph can answer '{name}' here") for name in fields]
        )


def _leaves(selection: Selection) -> Iterator[str]:
    """The coordinates of the fields at the ends of a selection."""
    if not selection.selections:
        yield f"{min(selection.types)}.{selection.name}"
    for inner in selection.selections:
        yield from _leaves(inner)
