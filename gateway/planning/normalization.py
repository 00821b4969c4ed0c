"""Makes selections of the syntax nodes of an operation or a field set: fragments written out, fields merged."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from gateway.planning.errors import OperationError
from gateway.planning.selection import Conditions, Selection
from gateway.supergraph.query_graph import QueryGraph

FIELDS_LIMIT = 10_000
"""How many fields an operation may select, its fragments written out, and how many one plan may ask for.

Where types or conditions part at each level of an operation, the fields double with each.
"""

INTROSPECTION = frozenset({"__schema", "__type"})
"""Fields that the API schema answers, no subgraph."""


class _Collected:
    """All the field nodes that make one selection."""

    __slots__ = ("conditions", "nodes", "parent", "types")

    def __init__(self, parent: str, types: frozenset[str], conditions: Conditions) -> None:
        self.parent = parent
        self.types = types
        self.conditions = conditions
        self.nodes: list[FieldNode] = []


class _Position:
    """What is collected for one position of the answer, and the fragments that were spread there already."""

    __slots__ = ("fields", "spreads")

    def __init__(self) -> None:
        self.fields: dict[tuple[str, frozenset[str], Conditions], _Collected] = {}
        self.spreads: set[tuple[str, frozenset[str], Conditions]] = set()


class Normalizer:
    """Makes selections of the syntax nodes of one operation or field set."""

    def __init__(
        self, graph: QueryGraph, fragments: Mapping[str, FragmentDefinitionNode] | None = None
    ) -> None:
        self._graph = graph
        self._fragments = fragments or {}
        self._next_leaf = 1
        self._fields = 0

    def normalize(self, selection_set: SelectionSetNode, type_name: str) -> tuple[Selection, ...]:
        """The selections of `selection_set` on the composite type `type_name`.

        Raises OperationError (QUERY_PLAN_COMPLEXITY_EXCEEDED) for more than FIELDS_LIMIT.
        """
        return self._selections([selection_set], type_name)

    def _selections(self, sets: Iterable[SelectionSetNode], type_name: str) -> tuple[Selection, ...]:
        position = _Position()
        types = self._graph.possible_types(type_name)
        for selection_set in sets:
            self._collect(selection_set, type_name, types, (), position)
        by_response_key: dict[str, list[_Collected]] = {}
        for (response_key, _, _), found in position.fields.items():
            by_response_key.setdefault(response_key, []).append(found)
        return tuple(
            self._selection(key[0], found)
            for key, found in position.fields.items()
            if not _is_covered(found, by_response_key[key[0]])
        )

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: str,
        types: frozenset[str],
        conditions: Conditions,
        position: _Position,
    ) -> None:
        for node in selection_set.selections:
            merged = _conditions(node.directives or (), conditions)
            if merged is None:
                continue
            if isinstance(node, FieldNode):
                if node.name.value in INTROSPECTION:
                    continue
                response_key = node.alias.value if node.alias else node.name.value
                key = (response_key, types, merged)
                if key not in position.fields:
                    position.fields[key] = _Collected(parent, types, merged)
                position.fields[key].nodes.append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                spread = (node.name.value, types, merged)
                if spread in position.spreads:
                    continue
                position.spreads.add(spread)
            condition, inner = self._fragment(node)
            type_name = condition or parent
            narrowed = types & self._graph.possible_types(type_name) if condition else types
            if narrowed:
                self._collect(inner, type_name, narrowed, merged, position)

    def _fragment(self, node: Node) -> tuple[str | None, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            return fragment.type_condition.name.value, fragment.selection_set
        assert isinstance(node, InlineFragmentNode)
        return node.type_condition.name.value if node.type_condition else None, node.selection_set

    def _selection(self, response_key: str, found: _Collected) -> Selection:
        self._fields += 1
        if self._fields > FIELDS_LIMIT:
            raise OperationError.for_complexity(FIELDS_LIMIT)
        node = found.nodes[0]
        name = node.name.value
        sets = [field.selection_set for field in found.nodes if field.selection_set]
        children: tuple[Selection, ...] = ()
        if sets:
            children = self._selections(sets, self._graph.field_type(found.parent, name).name)
        arguments = ", ".join(print_ast(argument) for argument in node.arguments or ())
        return Selection(
            name=name,
            response_key=response_key,
            arguments=arguments,
            variables=frozenset(_variables(argument.value for argument in node.arguments or ())),
            types=found.types,
            conditions=found.conditions,
            selections=children,
            leaves=_all_leaves(children) if sets else self._leaf(),
        )

    def _leaf(self) -> int:
        leaf = self._next_leaf
        self._next_leaf <<= 1
        return leaf


def _is_covered(found: _Collected, others: Iterable[_Collected]) -> bool:
    """Whether a leaf is selected for more types or under fewer conditions anyway."""
    return not found.nodes[0].selection_set and any(
        other is not found and found.types <= other.types and set(other.conditions) <= set(found.conditions)
        for other in others
    )


def _all_leaves(selections: Iterable[Selection]) -> int:
    leaves = 0
    for selection in selections:
        leaves |= selection.leaves
    return leaves


def _conditions(directives: Iterable[DirectiveNode], outer: Conditions) -> Conditions | None:
    """The conditions of a node inside `outer`, None where it is never selected."""
    conditions = set(outer)
    for directive in directives:
        if directive.name.value not in ("include", "skip"):
            continue
        wanted = directive.name.value == "include"
        value = (directive.arguments or ())[0].value
        if isinstance(value, VariableNode):
            conditions.add((value.name.value, wanted))
        elif isinstance(value, BooleanValueNode) and value.value is not wanted:
            return None
    if any((variable, not wanted) in conditions for variable, wanted in conditions):
        return None
    return tuple(sorted(conditions))


def _variables(values: Iterable[ValueNode]) -> Iterator[str]:
    for value in values:
        match value:
            case VariableNode():
                yield value.name.value
            case ListValueNode():
                yield from _variables(value.values)
            case ObjectValueNode():
                yield from _variables(field.value for field in value.fields)
