"""Which fields an object of a type has in an answer (GraphQL, section 6.3.2), and which of them may be missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
)


class Part(NamedTuple):
    """A selection set of a position; `may_miss` where what it selects may be left out."""

    selections: SelectionSetNode
    may_miss: bool = False


class Selected(NamedTuple):
    """One response key: a field, whether it may be left out, and what is selected below it."""

    key: str
    node: FieldNode
    may_miss: bool
    parts: tuple[Part, ...]


class Selections:
    """Answers for one schema and one set of fragments."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self.fragments = fragments

    def of(self, parts: Iterable[Part], type_: GraphQLObjectType) -> tuple[Selected, ...]:
        """What an object of `type_` has, in the order in which it is first selected."""
        found: dict[str, list[tuple[FieldNode, bool]]] = {}
        for part in parts:
            for node, may_miss in self._fields(part.selections.selections, type_, may_miss=part.may_miss):
                key = (node.alias or node.name).value
                found.setdefault(key, []).append((node, may_miss))
        return tuple(_selected(key, occurrences) for key, occurrences in found.items())

    def only_fragment(self, parts: Sequence[Part], type_name: str) -> FragmentDefinitionNode | None:
        """The fragment that is all that is selected, on the very type; `__typename` beside it does not count."""
        if len(parts) != 1 or parts[0].may_miss:
            return None
        nodes = [node for node in parts[0].selections.selections if not _is_typename(node)]
        if len(nodes) != 1 or not isinstance(nodes[0], FragmentSpreadNode) or nodes[0].directives:
            return None
        fragment = self.fragments[nodes[0].name.value]
        return fragment if fragment.type_condition.name.value == type_name else None

    def _fields(
        self, nodes: Iterable[SelectionNode], type_: GraphQLObjectType, *, may_miss: bool
    ) -> Iterator[tuple[FieldNode, bool]]:
        for node in nodes:
            is_conditional = may_miss or _is_conditional(node)
            if isinstance(node, FieldNode):
                yield node, is_conditional
                continue
            assert isinstance(node, FragmentSpreadNode | InlineFragmentNode)
            fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = fragment.type_condition
            if condition is None or self._applies(condition.name.value, type_):
                inside = fragment.selection_set.selections
                yield from self._fields(inside, type_, may_miss=is_conditional)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        found = self._schema.type_map[condition]
        if is_abstract_type(found):
            return self._schema.is_sub_type(found, type_)
        return condition == type_.name


def _selected(key: str, occurrences: Sequence[tuple[FieldNode, bool]]) -> Selected:
    may_miss = all(conditional for _, conditional in occurrences)
    parts = tuple(
        Part(node.selection_set, conditional and not may_miss)
        for node, conditional in occurrences
        if node.selection_set
    )
    return Selected(key, occurrences[0][0], may_miss, parts)


def _is_conditional(node: SelectionNode) -> bool:
    return any(directive.name.value in ("skip", "include") for directive in node.directives or ())


def _is_typename(node: SelectionNode) -> bool:
    return isinstance(node, FieldNode) and node.name.value == "__typename" and node.alias is None
