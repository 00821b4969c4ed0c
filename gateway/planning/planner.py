"""Plans operations on one supergraph."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    print_ast,
)

from gateway.planning.builder import Builder
from gateway.planning.document import Documents
from gateway.planning.entity_moves import Move
from gateway.planning.errors import OperationError
from gateway.planning.fetch_graph import FetchGraph
from gateway.planning.field_sets import FieldSets
from gateway.planning.nesting import deep_nesting
from gateway.planning.normalization import Normalizer
from gateway.planning.operation import check_operation, parse_operation
from gateway.planning.places import Place, Places
from gateway.planning.plan import PlanNode, QueryPlan, Subscription
from gateway.planning.reach import Reachability
from gateway.planning.requests import Request
from gateway.planning.response_keys import ResponseKeys
from gateway.planning.scheduling import in_sequence, schedule, under_conditions
from gateway.planning.search import RecordedChoices, best_plan
from gateway.planning.selection import Selection
from gateway.supergraph import Supergraph
from gateway.supergraph.query_graph import QueryGraph


class _Graph(NamedTuple):
    """The query graph under one set of override labels, with what was found in it before."""

    places: Places
    known_moves: dict[tuple[Place, str], tuple[Move, ...]]


class Planner:
    """Makes query plans. Has no state that callers can see; safe to use from several threads."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._labels = supergraph.override_labels
        self._by_labels: dict[frozenset[str], _Graph] = {}

    def plan(
        self,
        document: str | DocumentNode,
        operation_name: str | None = None,
        override_labels: frozenset[str] = frozenset(),
    ) -> QueryPlan:
        """The plan of one operation of `document`, for all values of its variables.

        `override_labels` are the labels of progressive overrides that are on. Raises OperationError.
        """
        try:
            with deep_nesting:
                return self._plan(document, operation_name, override_labels)
        except RecursionError as error:
            raise OperationError(
                "PARSING_ERROR", [GraphQLError("The operation is nested too deeply")]
            ) from error

    def _plan(
        self, document: str | DocumentNode, operation_name: str | None, override_labels: frozenset[str]
    ) -> QueryPlan:
        parsed = parse_operation(document)
        operation, fragments = check_operation(self._supergraph.api_schema, parsed, operation_name)
        graph = self._graph_for(override_labels)
        root_type = self._supergraph.roots[operation.operation.value]
        selections = tuple(
            selection
            for selection in Normalizer(graph.places.graph, fragments).normalize(
                operation.selection_set, root_type
            )
            if selection.name != "__typename"
        )
        planning = _Planning(graph, operation, root_type)
        return QueryPlan(
            operation=operation, fragments=fragments, node=planning.node(operation.operation, selections)
        )

    def _graph_for(self, labels: frozenset[str]) -> _Graph:
        known = labels & self._labels
        found = self._by_labels.get(known)
        if found is None:
            graph = QueryGraph(self._supergraph, known)
            found = self._by_labels.setdefault(known, _Graph(Places(graph, FieldSets(graph)), {}))
        return found


class _Planning:
    """The planning of one operation."""

    def __init__(self, graph: _Graph, operation: OperationDefinitionNode, root_type: str) -> None:
        places = graph.places
        self._places = places
        self._root_type = root_type
        self._reachability = Reachability(places, graph.known_moves)
        name = operation.name.value if operation.name else None
        variables = {
            node.variable.name.value: _variable_text(node) for node in operation.variable_definitions or ()
        }
        self._documents = Documents(places.graph, name, variables)

    def node(self, kind: OperationType, selections: Sequence[Selection]) -> PlanNode | None:
        match kind:
            case OperationType.QUERY:
                return self._step(selections, None) if selections else None
            case OperationType.MUTATION:
                return self._mutation(selections)
            case OperationType.SUBSCRIPTION:
                return self._subscription(selections)

    def _subscription(self, selections: Sequence[Selection]) -> PlanNode:
        """One request for the one root field (section 5.2.3.1), and what is asked for each of its events."""
        ((group, subgraph),) = self._serial(selections)
        requests = self._requests(group, subgraph)
        primary = self._documents.fetch(requests[0])
        return Subscription(primary, schedule(requests[1:], self._leaf))

    def _mutation(self, selections: Sequence[Selection]) -> PlanNode | None:
        """Root fields one after another; adjacent ones of one subgraph in one request (section 6.2.2)."""
        steps = [
            node for group, subgraph in self._serial(selections) if (node := self._step(group, subgraph))
        ]
        return in_sequence(steps) if steps else None

    def _serial(self, selections: Sequence[Selection]) -> Iterator[tuple[list[Selection], str]]:
        place = Place(None, self._root_type, frozenset((self._root_type,)))
        chosen: list[tuple[str, Selection]] = []
        for selection in selections:
            options = self._reachability.options(place, self._root_type, selection)
            subgraphs = [option.move.subgraph for option in options if option.move]
            previous = chosen[-1][0] if chosen else None
            if not subgraphs:
                raise OperationError.for_unreached(selection.leaf_fields())
            chosen.append((previous if previous in subgraphs else subgraphs[0], selection))
        for subgraph, group in groupby(chosen, key=lambda item: item[0]):
            yield [selection for _, selection in group], subgraph

    def _step(self, selections: Sequence[Selection], subgraph: str | None) -> PlanNode | None:
        return schedule(self._requests(selections, subgraph), self._leaf)

    def _requests(self, selections: Sequence[Selection], subgraph: str | None) -> list[Request]:
        def build(choices: RecordedChoices) -> FetchGraph:
            builder = Builder(self._places, self._reachability, choices)
            return builder.build(self._root_type, selections, ResponseKeys(selections), subgraph)

        best = best_plan(build)
        if best.unreached:
            raise OperationError.for_unreached(
                field for selection in best.unreached for field in selection.leaf_fields()
            )
        return best.requests

    def _leaf(self, request: Request) -> PlanNode:
        return under_conditions(self._documents.fetch(request), request.conditions())


def _variable_text(node: VariableDefinitionNode) -> str:
    default = f"={print_ast(node.default_value)}" if node.default_value else ""
    return print_ast(node.type) + default
