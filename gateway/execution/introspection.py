"""`__schema` and `__type`, answered from the API schema by graphql-core."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


class Introspection:
    """The introspective part of an operation. Without variables its answer is kept."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, *, constant: bool) -> None:
        self._document = document
        self._schema = schema
        self._constant = constant
        self._kept: dict[str, Any] | None = None

    @classmethod
    def of(
        cls,
        operation: OperationDefinitionNode,
        fragments: Iterable[FragmentDefinitionNode],
        schema: GraphQLSchema,
        root_fields: Mapping[str, list[FieldNode]],
    ) -> "Introspection | None":
        """None for an operation without any; `root_fields` are its fields at the root, by response key."""
        nodes = [
            node
            for group in root_fields.values()
            for node in group
            if node.name.value in INTROSPECTION_FIELDS
        ]
        if not nodes:
            return None
        introspective = OperationDefinitionNode(
            operation=operation.operation,
            variable_definitions=operation.variable_definitions,
            selection_set=SelectionSetNode(selections=tuple(nodes)),
        )
        document = DocumentNode(definitions=(introspective, *fragments))
        return cls(document, schema, constant=not operation.variable_definitions)

    def answer(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self._kept is not None:
            return self._kept
        result = execute_sync(self._schema, self._document, variable_values=dict(variables))
        data = result.data or {}
        if self._constant:
            self._kept = data
        return data
