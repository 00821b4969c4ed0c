"""Plans operations on one supergraph."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    print_ast,
)
from msgspec import structs

from gateway.planning.authorization import Marking
from gateway.planning.builder import Builder
from gateway.planning.deferred_parts import DeferredPart, PartKey
from gateway.planning.document import Documents
from gateway.planning.entity_moves import Move
from gateway.planning.errors import OperationError
from gateway.planning.fetch_graph import FetchGraph
from gateway.planning.field_sets import FieldSets
from gateway.planning.likeness import Likeness
from gateway.planning.nesting import deep_nesting
from gateway.planning.normalization import Normalized, Normalizer
from gateway.planning.operation import check_operation, parse_operation, with_defer
from gateway.planning.places import Place, Places
from gateway.planning.plan import Defer, Deferred, Effort, PlanNode, QueryPlan, Subscription, TopNode
from gateway.planning.reach import Reachability
from gateway.planning.refusal import NOTHING_REFUSED, Refusal
from gateway.planning.refused_paths import RefusedPaths
from gateway.planning.requests import Request
from gateway.planning.scheduling import in_sequence, schedule, under_conditions
from gateway.planning.search import RecordedChoices, best_plan
from gateway.planning.selection import Selection
from gateway.supergraph import Supergraph
from gateway.supergraph.query_graph import QueryGraph


class _Graph(NamedTuple):
    """The query graph under one set of override labels, with what was found in it before."""

    places: Places
    known_moves: dict[tuple[Place, str], tuple[Move, ...]]
    likeness: Likeness


class Planner:
    """Makes query plans. Has no state that callers can see; safe to use from several threads."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._schema = with_defer(supergraph.api_schema)
        self._labels = supergraph.override_labels
        self._by_labels: dict[frozenset[str], _Graph] = {}

    def plan(
        self,
        document: str | DocumentNode,
        operation_name: str | None = None,
        override_labels: frozenset[str] = frozenset(),
        refusal: Refusal = NOTHING_REFUSED,
    ) -> QueryPlan:
        """The plan of one operation of `document`, for all values of its variables.

        `override_labels` are the labels of progressive overrides that are on, `refusal` is what the caller may not see.
        Raises OperationError.
        """
        try:
            with deep_nesting:
                plan = self._without_node(parse_operation(document), operation_name, refusal)
                graph = self._graph_for(override_labels)
                node, effort = self._node(graph, plan.operation, plan.fragments, frozenset())
                return structs.replace(plan, node=node, effort=effort)
        except RecursionError as error:
            raise OperationError(
                "PARSING_ERROR", [GraphQLError("The operation is nested too deeply")]
            ) from error

    def _without_node(
        self, document: DocumentNode, operation_name: str | None, refusal: Refusal
    ) -> QueryPlan:
        """The valid operation, what is refused of it marked."""
        operation, fragments = check_operation(self._schema, document, operation_name)
        if not refusal.guards:
            return QueryPlan(operation, fragments, None)
        root_type = self._supergraph.roots[operation.operation.value]
        marking = Marking(self._supergraph.authorization, refusal.guards)
        marked, marked_fragments = marking.operation(operation, root_type), marking.fragments(fragments)
        paths = RefusedPaths(self._supergraph.types, marked_fragments).find(marked, root_type)
        if not refusal.withholds:
            return QueryPlan(operation, fragments, None, paths)
        return QueryPlan(marked, marked_fragments, None, paths)

    def _node(
        self,
        graph: _Graph,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        at_once: frozenset[PartKey],
    ) -> tuple[TopNode | None, Effort]:
        """The plan in which the deferred parts `at_once` bring nothing of their own; more of them where need be."""
        kind = operation.operation
        root_type = self._supergraph.roots[kind.value]
        defers = kind is not OperationType.SUBSCRIPTION
        normalizer = Normalizer(graph.places.graph, fragments, defers=defers, at_once=at_once)
        root_fields = _without_typename(normalizer.normalize(operation.selection_set, root_type))
        planning = _Planning(graph, operation, root_type)
        try:
            node = planning.node(kind, root_fields)
        except _UnreachedPartsError as error:
            unreached = {normalizer.parts[part].key for part in error.parts}
            more = {part.key for part in normalizer.parts} if at_once else unreached
            return self._node(graph, operation, fragments, at_once | more)
        if not normalizer.parts or isinstance(node, Subscription):
            return node, planning.effort
        return Defer(node, planning.deferred(normalizer.parts)), planning.effort

    def _graph_for(self, labels: frozenset[str]) -> _Graph:
        known = labels & self._labels
        found = self._by_labels.get(known)
        if found is None:
            graph = QueryGraph(self._supergraph, known)
            places = Places(graph, FieldSets(graph))
            found = self._by_labels.setdefault(known, _Graph(places, {}, Likeness(places)))
        return found


class _UnreachedPartsError(Exception):
    """Deferred parts of which something is answered neither anew nor where their objects are."""

    def __init__(self, parts: frozenset[int]) -> None:
        super().__init__()
        self.parts = parts


class _Planning:
    """The planning of one operation."""

    def __init__(self, graph: _Graph, operation: OperationDefinitionNode, root_type: str) -> None:
        places = graph.places
        self._places = places
        self._root_type = root_type
        self._reachability = Reachability(places, graph.known_moves, graph.likeness)
        name = operation.name.value if operation.name else None
        variables = {
            node.variable.name.value: _variable_text(node) for node in operation.variable_definitions or ()
        }
        self._documents = Documents(places.graph, name, variables)
        self.effort = Effort()
        self._later: list[Request] = []
        self._fetch_ids: dict[Request, int] = {}

    def node(self, kind: OperationType, root_fields: Normalized) -> PlanNode | Subscription | None:
        """The plan of all that is not deferred."""
        match kind:
            case OperationType.QUERY:
                return self._step(root_fields, None) if any(root_fields) else None
            case OperationType.MUTATION:
                return self._mutation(root_fields.selections)
            case OperationType.SUBSCRIPTION:
                return self._subscription(root_fields.selections)

    def deferred(self, parts: Sequence[DeferredPart]) -> tuple[Deferred, ...]:
        """The plans of the deferred parts, after that of the rest."""
        return tuple(self._deferred(number, part) for number, part in enumerate(parts))

    def _deferred(self, number: int, part: DeferredPart) -> Deferred:
        requests = [request for request in self._later if request.part == number]
        parents = {parent for request in requests for parent in request.parents if parent.part != number}
        return Deferred(
            **part._asdict(),
            node=schedule(requests, self._leaf),
            depends=tuple(sorted(self._fetch_ids[parent] for parent in parents)),
        )

    def _subscription(self, selections: Sequence[Selection]) -> Subscription:
        """One request for the one root field (section 5.2.3.1), and what is asked for each of its events."""
        ((group, subgraph),) = self._serial(selections)
        requests = self._requests(Normalized(tuple(group)), subgraph)
        primary = self._documents.fetch(requests[0])
        return Subscription(primary, schedule(requests[1:], self._leaf))

    def _mutation(self, selections: Sequence[Selection]) -> PlanNode | None:
        """Root fields one after another; adjacent ones of one subgraph in one request (section 6.2.2)."""
        steps = [
            node
            for group, subgraph in self._serial(selections)
            if (node := self._step(Normalized(tuple(group)), subgraph))
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

    def _step(self, root_fields: Normalized, subgraph: str | None) -> PlanNode | None:
        requests = self._requests(root_fields, subgraph)
        self._later += [request for request in requests if request.part is not None]
        return schedule([request for request in requests if request.part is None], self._leaf)

    def _requests(self, root_fields: Normalized, subgraph: str | None) -> list[Request]:
        def build(choices: RecordedChoices) -> FetchGraph:
            builder = Builder(self._places, self._reachability, choices)
            return builder.build(self._root_type, root_fields, subgraph)

        best, effort = best_plan(build)
        self.effort = self.effort.beside(effort)
        parts = frozenset(selection.part for selection in best.unreached if selection.part is not None)
        if parts:
            raise _UnreachedPartsError(parts)
        if best.unreached:
            raise OperationError.for_unreached(
                field for selection in best.unreached for field in selection.leaf_fields()
            )
        return best.requests

    def _leaf(self, request: Request) -> PlanNode:
        fetch = self._documents.fetch(request)
        self._fetch_ids[request] = fetch.id
        return under_conditions(fetch, request.conditions())


def _without_typename(root_fields: Normalized) -> Normalized:
    """The fields that subgraphs are asked for: the type of a root is known."""
    return Normalized(
        tuple(selection for selection in root_fields.selections if selection.name != "__typename"),
        tuple(selection for selection in root_fields.deferred if selection.name != "__typename"),
    )


def _variable_text(node: VariableDefinitionNode) -> str:
    default = f"={print_ast(node.default_value)}" if node.default_value else ""
    return print_ast(node.type) + default
