"""Operations with parts of them deferred at random, and what is left of them without those parts."""

from random import Random
from typing import TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    InlineFragmentNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

_Node = TypeVar("_Node", bound=Node)


def with_random_defers(document: DocumentNode, choice: Random) -> DocumentNode:
    """The document with some selections of its operations moved into deferred fragments."""
    definitions = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            at_root = node.operation is OperationType.QUERY
            node = _changed(node, selection_set=_deferring(node.selection_set, choice, here=at_root))  # noqa: PLW2901  the same definition
        definitions.append(node)
    return DocumentNode(definitions=tuple(definitions))


def without_deferred(operation: OperationDefinitionNode) -> OperationDefinitionNode | None:
    """The operation with only what it selects at once, None where that is nothing."""
    inner = _at_once(operation.selection_set)
    return None if inner is None else _changed(operation, selection_set=inner)


def _deferring(selection_set: SelectionSetNode, choice: Random, *, here: bool) -> SelectionSetNode:
    at_once: list[SelectionNode] = []
    later: list[SelectionNode] = []
    defers = here and choice.random() < 0.4
    for node in selection_set.selections:
        inner = getattr(node, "selection_set", None)
        kept = node if inner is None else _changed(node, selection_set=_deferring(inner, choice, here=True))
        (later if defers and choice.random() < 0.5 else at_once).append(kept)
    if later:
        defer = DirectiveNode(name=NameNode(value="defer"), arguments=())
        inside = SelectionSetNode(selections=tuple(later))
        at_once.append(InlineFragmentNode(directives=(defer,), selection_set=inside))
    return SelectionSetNode(selections=tuple(at_once))


def _at_once(selection_set: SelectionSetNode) -> SelectionSetNode | None:
    kept: list[SelectionNode] = []
    for node in selection_set.selections:
        inner = getattr(node, "selection_set", None)
        if inner is None:
            kept.append(node)
        elif not any(directive.name.value == "defer" for directive in node.directives or ()):
            left = _at_once(inner)
            if left is not None:
                kept.append(_changed(node, selection_set=left))
    return SelectionSetNode(selections=tuple(kept)) if kept else None


def _changed(node: _Node, **changes: object) -> _Node:
    return type(node)(**({key: getattr(node, key) for key in node.keys} | changes))
