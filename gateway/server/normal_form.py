"""What an operation is, whatever its document looks like.

Two documents that differ in whitespace, comments, or operations and fragments that the one operation does not use have
the same normal form of it, and so the same plan.
"""

from collections.abc import Iterator
from hashlib import sha256

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    print_ast,
)
from msgspec import Struct


class NormalForm(Struct, frozen=True):
    """`digest` is SHA-256 of the printed operation and its fragments by name; `is_whole` if the document has no others.

    Validity is a property of the whole document: one that is not whole may be invalid where its normal form is known.
    """

    digest: bytes
    is_whole: bool


def normal_form(document: DocumentNode, operation: OperationDefinitionNode) -> NormalForm:
    """Of one operation of `document`, which need not be valid."""
    fragments = _reached(document, operation.selection_set)
    definitions = [operation, *(fragments[name] for name in sorted(fragments))]
    printed = "\n".join(map(print_ast, definitions))
    return NormalForm(sha256(printed.encode()).digest(), len(definitions) == len(document.definitions))


def _reached(document: DocumentNode, start: SelectionSetNode) -> dict[str, FragmentDefinitionNode]:
    defined = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    reached: dict[str, FragmentDefinitionNode] = {}
    pending = [start]
    while pending:
        for name in _spreads(pending.pop()):
            if name in defined and name not in reached:
                reached[name] = defined[name]
                pending.append(defined[name].selection_set)
    return reached


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    pending = [selection_set]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)
