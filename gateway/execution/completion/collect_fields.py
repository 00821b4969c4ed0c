"""CollectFields (GraphQL §6.3.2), done at compile time for known values of the variables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
)
from graphql.language import BooleanValueNode, ValueNode, VariableNode

from gateway.planning.refusal import is_refused

RuntimeType = GraphQLObjectType | GraphQLInterfaceType
"""An interface where the subgraph knows its objects only as such (`@interfaceObject`) and no more was needed."""

CompositeType = GraphQLObjectType | GraphQLInterfaceType
GroupedFields = dict[str, list[FieldNode]]
"""By response key, in the order of the operation."""


def condition_of(directive: DirectiveNode) -> ValueNode:
    """The value of `if` of a `@skip` or `@include`."""
    assert directive.arguments, "validation has seen to it"
    return directive.arguments[0].value


def is_included(selection: SelectionNode, conditions: Mapping[str, Any]) -> bool:
    """Whether `@skip` and `@include` let a selection stand (GraphQL §3.13), by the values of their variables."""
    for directive in selection.directives or ():
        match directive.name.value:
            case "skip" if _holds(directive, conditions):
                return False
            case "include" if not _holds(directive, conditions):
                return False
    return True


def _holds(directive: DirectiveNode, conditions: Mapping[str, Any]) -> bool:
    value = condition_of(directive)
    if isinstance(value, VariableNode):
        return bool(conditions.get(value.name.value))
    assert isinstance(value, BooleanValueNode)
    return value.value


@dataclass(frozen=True, slots=True)
class FieldCollector:
    """`conditions` are the values of the variables that `@skip` and `@include` use.

    Fragments whose nodes have their identities in `deferred` select nothing.
    """

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]
    deferred: frozenset[int] = frozenset()

    def collect(self, runtime_type: RuntimeType, sets: Iterable[SelectionSetNode]) -> GroupedFields:
        """A group has refused fields only where it has no others."""
        grouped: GroupedFields = {}
        visited: set[str] = set()
        for selection_set in sets:
            self._visit(runtime_type, selection_set, grouped, visited)
        for key, nodes in grouped.items():
            if len(nodes) > 1:
                grouped[key] = [node for node in nodes if not is_refused(node)] or nodes
        return grouped

    def _selects(self, selection: SelectionNode) -> bool:
        return id(selection) not in self.deferred and is_included(selection, self.conditions)

    def reaches(
        self, runtime_type: RuntimeType, sets: Iterable[SelectionSetNode], fragment: SelectionNode
    ) -> bool:
        """Whether objects of the type come to a fragment: by conditions, and the types of the fragments around it."""
        for selection in (each for node in sets for each in node.selections):
            if isinstance(selection, FieldNode) or not self._selects(selection):
                continue
            if selection is fragment:
                return True
            inner = self._fragment(selection, set())
            if (
                inner is not None
                and self._applies(inner.type_condition, runtime_type)
                and self.reaches(runtime_type, [inner.selection_set], fragment)
            ):
                return True
        return False

    def depends_on_runtime_type(
        self, interface: GraphQLInterfaceType, sets: Iterable[SelectionSetNode]
    ) -> bool:
        """Whether the fields differ between the implementations of `interface`, `__typename` among them."""
        return any(
            self._depends(interface, selection)
            for selection_set in sets
            for selection in selection_set.selections
            if self._selects(selection)
        )

    def _depends(self, interface: GraphQLInterfaceType, selection: SelectionNode) -> bool:
        if isinstance(selection, FieldNode):
            return selection.name.value == "__typename"
        fragment = self._fragment(selection, set())
        assert fragment is not None
        if self._applies(fragment.type_condition, interface):
            return self.depends_on_runtime_type(interface, [fragment.selection_set])
        possible = self.schema.get_possible_types(interface)
        return any(self._applies(fragment.type_condition, each) for each in possible)

    def _visit(
        self,
        runtime_type: RuntimeType,
        node: SelectionSetNode,
        grouped: GroupedFields,
        visited: set[str],
    ) -> None:
        for selection in node.selections:
            if not self._selects(selection):
                continue
            if isinstance(selection, FieldNode):
                grouped.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif (fragment := self._fragment(selection, visited)) is not None and self._applies(
                fragment.type_condition, runtime_type
            ):
                self._visit(runtime_type, fragment.selection_set, grouped, visited)

    def _fragment(
        self, selection: SelectionNode, visited: set[str]
    ) -> InlineFragmentNode | FragmentDefinitionNode | None:
        if isinstance(selection, InlineFragmentNode):
            return selection
        assert isinstance(selection, FragmentSpreadNode)
        name = selection.name.value
        if name in visited:
            return None
        visited.add(name)
        return self.fragments[name]

    def _applies(self, condition: NamedTypeNode | None, runtime_type: RuntimeType) -> bool:
        """Whether a fragment applies to objects of the type; to all of them, where it is an interface."""
        if condition is None or condition.name.value == runtime_type.name:
            return True
        conditional: Any = self.schema.type_map[condition.name.value]
        if is_abstract_type(conditional) and self._is_sub_type(conditional, runtime_type):
            return True
        if not isinstance(runtime_type, GraphQLInterfaceType):
            return False
        possible = self.schema.get_possible_types(runtime_type)
        return bool(possible) and all(self._applies(condition, each) for each in possible)

    def _is_sub_type(self, abstract: GraphQLAbstractType, runtime_type: RuntimeType) -> bool:
        return self.schema.is_sub_type(abstract, runtime_type)
