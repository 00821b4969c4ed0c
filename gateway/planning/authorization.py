"""Which guards an operation's fields are behind, and the operation with those marked that a caller may not see.

Pure: who passes a guard is decided by others. Fields that planning adds, for keys and @requires, are not looked at.
"""

from collections.abc import Mapping
from typing import TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from gateway.planning.refusal import marked
from gateway.supergraph.authorization import Authorization, Guard, Guards

_Selecting = TypeVar(
    "_Selecting", OperationDefinitionNode, FragmentDefinitionNode, FieldNode, InlineFragmentNode
)


def guards_of(
    authorization: Authorization, root_type: str, document: DocumentNode, operation: OperationDefinitionNode
) -> Guards:
    """All guards of the operation and the fragments that it uses; `document` need not be valid."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    found: set[Guard] = set()
    used: set[str] = set()
    pending: list[tuple[SelectionSetNode, str]] = [(operation.selection_set, root_type)]
    while pending:
        selection_set, parent = pending.pop()
        for node in selection_set.selections:
            match node:
                case FieldNode(name=name, selection_set=inner):
                    found |= authorization.guards(parent, name.value)
                    type_name = authorization.field_type(parent, name.value)
                    if inner and type_name:
                        pending.append((inner, type_name))
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    pending.append((inner, condition.name.value if condition else parent))
                case FragmentSpreadNode(name=name) if name.value in fragments and name.value not in used:
                    used.add(name.value)
                    fragment = fragments[name.value]
                    pending.append((fragment.selection_set, fragment.type_condition.name.value))
    return frozenset(found)


class Marking:
    """Marks the fields of one operation that are behind any of `refused`."""

    def __init__(self, authorization: Authorization, refused: Guards) -> None:
        self._authorization = authorization
        self._refused = refused

    def operation(self, node: OperationDefinitionNode, root_type: str) -> OperationDefinitionNode:
        return _with_selections(node, self._selection_set(node.selection_set, root_type))

    def fragments(self, fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, FragmentDefinitionNode]:
        return {
            name: _with_selections(
                node, self._selection_set(node.selection_set, node.type_condition.name.value)
            )
            for name, node in fragments.items()
        }

    def _selection_set(self, node: SelectionSetNode, parent: str) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(self._selection(each, parent) for each in node.selections))

    def _selection(self, node: SelectionNode, parent: str) -> SelectionNode:
        match node:
            case FieldNode(name=name, selection_set=inner):
                if not self._refused.isdisjoint(self._authorization.guards(parent, name.value)):
                    return marked(node)
                type_name = self._authorization.field_type(parent, name.value)
                if inner and type_name:
                    return _with_selections(node, self._selection_set(inner, type_name))
            case InlineFragmentNode(type_condition=condition, selection_set=inner):
                type_name = condition.name.value if condition else parent
                return _with_selections(node, self._selection_set(inner, type_name))
        return node


def _with_selections(node: _Selecting, selection_set: SelectionSetNode) -> _Selecting:
    members = {key: getattr(node, key) for key in node.keys}
    return type(node)(**(members | {"selection_set": selection_set}))
