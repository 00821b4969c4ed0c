"""How a validation rule reports: with its subgraph's name before each message."""

from gateway.composition.diagnostics import Diagnostics, present
from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.model.schema import Schema
from gateway.composition.result import SourceLocation


class SubgraphReport:
    """One subgraph under validation, and where its errors go."""

    __slots__ = ("_diagnostics", "schema", "subgraph")

    def __init__(self, subgraph: SubgraphSchema, diagnostics: Diagnostics) -> None:
        self.subgraph = subgraph
        self.schema: Schema = subgraph.schema
        self._diagnostics = diagnostics

    def error(self, code: str, message: str, coordinate: str | None, *places: SourceLocation | None) -> None:
        """Report an error; one of what the subgraph does not write itself stands at the start of its SDL."""
        name = self.subgraph.name
        found = present(places) or (SourceLocation(name, 1, 1),)
        self._diagnostics.error(code, f"[{name}] {message}", coordinate, found)

    def invalid(self, message: str, coordinate: str | None, *places: SourceLocation | None) -> None:
        """Report what the GraphQL specification itself forbids."""
        self.error("INVALID_GRAPHQL", message, coordinate, *places)
