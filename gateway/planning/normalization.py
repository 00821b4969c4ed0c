"""Makes selections of the syntax nodes of an operation or a field set: fragments written out, fields merged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    NameNode,
    ObjectValueNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from gateway.planning.deferred_parts import DeferredPart, DeferredParts, PartKey
from gateway.planning.errors import OperationError
from gateway.planning.plan import Each, Key, OfType, Path
from gateway.planning.refusal import is_refused
from gateway.planning.selection import Conditions, Selection
from gateway.supergraph.query_graph import QueryGraph

FIELDS_LIMIT = 10_000
"""How many fields an operation may select, its fragments written out, and how many one plan may ask for.

Where types or conditions part at each level of an operation, the fields double with each.
"""

INTROSPECTION = frozenset({"__schema", "__type"})
"""Fields that the API schema answers, no subgraph."""

_TYPENAME = FieldNode(name=NameNode(value="__typename"), directives=(), arguments=())


class Normalized(NamedTuple):
    """The selections of one selection set, and those that are in deferred parts."""

    selections: tuple[Selection, ...]
    deferred: tuple[Selection, ...] = ()


class _Collected:
    """All the field nodes that make one selection, each with the deferred part that it is in."""

    __slots__ = ("conditions", "nodes", "parent", "part", "types")

    def __init__(self, parent: str, types: frozenset[str], conditions: Conditions, part: int | None) -> None:
        self.parent = parent
        self.types = types
        self.conditions = conditions
        self.part = part
        self.nodes: list[tuple[FieldNode, int | None]] = []

    @property
    def is_leaf(self) -> bool:
        return not self.nodes[0][0].selection_set


_FieldKey: TypeAlias = tuple[str, frozenset[str], Conditions, int | None]


class _Position:
    """What is collected for one position of the answer, and the fragments that were spread there already."""

    __slots__ = ("fields", "path", "spreads")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fields: dict[_FieldKey, _Collected] = {}
        self.spreads: set[_FieldKey] = set()


class Normalizer:
    """Makes selections of the syntax nodes of one operation or field set."""

    def __init__(
        self,
        graph: QueryGraph,
        fragments: Mapping[str, FragmentDefinitionNode] | None = None,
        *,
        defers: bool = False,
        at_once: frozenset[PartKey] = frozenset(),
    ) -> None:
        """`defers` says whether @defer counts, which it does not in field sets and subscriptions; not for `at_once`."""
        self._graph = graph
        self._fragments = fragments or {}
        self._parts = DeferredParts(at_once) if defers else None
        self._next_leaf = 1
        self._fields = 0

    @property
    def parts(self) -> Sequence[DeferredPart]:
        """The deferred parts that were found, by their numbers."""
        return self._parts.found if self._parts else ()

    def normalize(self, selection_set: SelectionSetNode, type_name: str) -> Normalized:
        """The selections of `selection_set` on the composite type `type_name`.

        Raises OperationError (QUERY_PLAN_COMPLEXITY_EXCEEDED) for more than FIELDS_LIMIT.
        """
        return self._selections([(selection_set, None)], type_name, None, ())

    def _selections(
        self,
        sets: Iterable[tuple[SelectionSetNode, int | None]],
        type_name: str,
        part: int | None,
        path: Path,
    ) -> Normalized:
        """The selections of one position, of which `part` selects what is not deferred further."""
        position = _Position(path)
        types = self._graph.possible_types(type_name)
        for selection_set, inner_part in sets:
            self._collect(selection_set, type_name, types, (), position=position, part=inner_part)
        self._join_parts(position)
        by_response_key: dict[str, list[_Collected]] = {}
        for (response_key, *_), found in position.fields.items():
            by_response_key.setdefault(response_key, []).append(found)
        selections = [
            self._selection(key[0], found, _narrowed(path, types, found.types))
            for key, found in position.fields.items()
            if not self._is_covered(found, by_response_key[key[0]])
        ]
        left = list(_without_repeats(selections))
        return Normalized(
            tuple(found for found in left if found.part == part),
            tuple(found for found in left if found.part != part),
        )

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: str,
        types: frozenset[str],
        conditions: Conditions,
        *,
        position: _Position,
        part: int | None,
    ) -> None:
        for node in selection_set.selections:
            merged = conditions_of(node.directives or (), conditions)
            if merged is None:
                continue
            if isinstance(node, FieldNode):
                if node.name.value in INTROSPECTION:
                    continue
                field = (
                    _TYPENAME if is_refused(node) else node
                )  # the objects are there, whatever is refused of them
                response_key = field.alias.value if field.alias else field.name.value
                key = (response_key, types, merged, part)
                if key not in position.fields:
                    self._count_field()
                    position.fields[key] = _Collected(parent, types, merged, part)
                position.fields[key].nodes.append((field, part))
                continue
            assert isinstance(node, FragmentSpreadNode | InlineFragmentNode)
            condition, inner = self._fragment(node)
            type_name = condition or parent
            narrowed = types & self._graph.possible_types(type_name) if condition else types
            if not narrowed:
                continue
            inner_part = self._parts.part_of(node, part, position.path) if self._parts else part
            if self._parts and len(self._parts.found) > FIELDS_LIMIT:
                raise OperationError.for_complexity(FIELDS_LIMIT)
            if isinstance(node, FragmentSpreadNode):
                spread = (node.name.value, types, merged, inner_part)
                if spread in position.spreads:
                    continue
                position.spreads.add(spread)
            self._collect(inner, type_name, narrowed, merged, position=position, part=inner_part)

    def _join_parts(self, position: _Position) -> None:
        """Makes composite fields of a deferred part one with those of the part around it."""
        if self._parts is None:
            return
        inner = [
            key for key, found in position.fields.items() if found.part is not None and not found.is_leaf
        ]
        for key in sorted(inner, key=lambda key: key[3] or 0, reverse=True):
            for part in self._parts.around(key[3]):
                if outer := position.fields.get((*key[:3], part)):
                    outer.nodes += position.fields.pop(key).nodes
                    break

    def _is_covered(self, found: _Collected, others: Iterable[_Collected]) -> bool:
        """Whether a leaf is selected for more types, under fewer conditions or earlier anyway."""
        return found.is_leaf and any(
            other is not found
            and found.types <= other.types
            and set(other.conditions) <= set(found.conditions)
            and self._is_in(found.part, other.part)
            for other in others
        )

    def _is_in(self, part: int | None, outer: int | None) -> bool:
        return part == outer or (self._parts is not None and outer in self._parts.around(part))

    def _count_field(self) -> None:
        self._fields += 1
        if self._fields > FIELDS_LIMIT:
            raise OperationError.for_complexity(FIELDS_LIMIT)

    def _fragment(self, node: FragmentSpreadNode | InlineFragmentNode) -> tuple[str | None, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            return fragment.type_condition.name.value, fragment.selection_set
        return node.type_condition.name.value if node.type_condition else None, node.selection_set

    def _selection(self, response_key: str, found: _Collected, path: Path) -> Selection:
        node = found.nodes[0][0]
        name = node.name.value
        below = Normalized(())
        if not found.is_leaf:
            type_ = self._graph.field_type(found.parent, name)
            sets = [(field.selection_set, part) for field, part in found.nodes if field.selection_set]
            inside = (*path, Key(response_key), *(Each(),) * type_.depth)
            below = self._selections(sets, type_.name, found.part, inside)
        arguments = ", ".join(print_ast(argument) for argument in node.arguments or ())
        return Selection(
            name=name,
            response_key=response_key,
            arguments=arguments,
            variables=frozenset(_variables(argument.value for argument in node.arguments or ())),
            types=found.types,
            conditions=found.conditions,
            selections=below.selections,
            leaves=_all_leaves(below.selections) or self._leaf(),
            part=found.part,
            deferred=below.deferred,
        )

    def _leaf(self) -> int:
        leaf = self._next_leaf
        self._next_leaf <<= 1
        return leaf


def _without_repeats(selections: Sequence[Selection]) -> Iterator[Selection]:
    """Composite fields without what another one selects for more types or under fewer conditions anyway."""
    by_response_key: dict[str, list[Selection]] = {}
    for selection in selections:
        if selection.selections:
            by_response_key.setdefault(selection.response_key, []).append(selection)
    for selection in selections:
        left = selection
        for other in by_response_key.get(selection.response_key, ()):
            if other is not selection and other.covers(selection) and left.leaves:
                left = left.restricted(left.leaves_beyond(other))
        if left.leaves or left.deferred:
            yield left


def _narrowed(path: Path, all_types: frozenset[str], types: frozenset[str]) -> Path:
    return path if all_types <= types else (*path, OfType(tuple(sorted(types))))


def _all_leaves(selections: Iterable[Selection]) -> int:
    leaves = 0
    for selection in selections:
        leaves |= selection.leaves
    return leaves


def conditions_of(directives: Iterable[DirectiveNode], outer: Conditions) -> Conditions | None:
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
