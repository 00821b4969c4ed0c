"""The field sets of @key, @requires and @provides as selections, each text normalised once for a type."""

from graphql import OperationDefinitionNode, parse

from gateway.planning.normalization import Normalizer
from gateway.planning.selection import Selection
from gateway.supergraph.query_graph import QueryGraph


class FieldSets:
    """Safe between threads: a field set that two threads read at once is the same value either way."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[str, str], tuple[Selection, ...]] = {}

    def read(self, text: str, type_name: str) -> tuple[Selection, ...]:
        key = (text, type_name)
        found = self._known.get(key)
        if found is None:
            braced = text if text.lstrip().startswith("{") else f"{{{text}}}"
            operation = parse(braced, no_location=True).definitions[0]
            assert isinstance(operation, OperationDefinitionNode)
            normalized = Normalizer(self._graph).normalize(operation.selection_set, type_name)
            found = self._known.setdefault(key, normalized.selections)
        return found
