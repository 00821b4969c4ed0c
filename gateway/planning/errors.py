"""Why an operation cannot be planned."""

from collections.abc import Iterable

from graphql import GraphQLError

from gateway.supergraph import SourceLocation


class OperationError(Exception):
    """An operation that the supergraph cannot answer.

    `code` is one of PARSING_ERROR, GRAPHQL_VALIDATION_FAILED, GRAPHQL_UNKNOWN_OPERATION_NAME,
    UNREACHABLE_FIELD and QUERY_PLAN_COMPLEXITY_EXCEEDED; `errors` holds every reason, `locations` the places of
    all of them.
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
    def for_unreached(cls, fields: Iterable[str]) -> "OperationError":
        """For what no subgraph can answer, by coordinates: the supergraph is not satisfiable."""
        return cls(
            "UNREACHABLE_FIELD",
            [GraphQLError(f"No subgraph can answer '{field}' here") for field in dict.fromkeys(fields)],
        )

    @classmethod
    def for_complexity(cls, fields: int) -> "OperationError":
        message = f"The plan of the operation would ask subgraphs for more than {fields} fields"
        return cls("QUERY_PLAN_COMPLEXITY_EXCEEDED", [GraphQLError(message)])
