"""Whether a document introspects; how deep it may is a rule of validation (graphql-js's MaxIntrospectionDepthRule)."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.server.errors import refused


def refuse_introspection(document: DocumentNode) -> None:
    """Raises RequestError (INTROSPECTION_DISABLED) where a document selects `__schema` or `__type`."""
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            for field in _fields(definition.selection_set):
                if field.name.value in ("__schema", "__type"):
                    raise refused("Introspection is switched off", "INTROSPECTION_DISABLED")


def _fields(selection_set: SelectionSetNode) -> Iterator[FieldNode]:
    pending = [selection_set]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)
