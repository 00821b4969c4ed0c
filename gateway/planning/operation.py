"""From the text of a request to one valid operation (GraphQL specification, sections 2, 5 and 6.1)."""

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from gateway.planning.errors import OperationError


def parse_operation(document: str | DocumentNode) -> DocumentNode:
    if isinstance(document, DocumentNode):
        return document
    try:
        return parse(document)
    except GraphQLSyntaxError as error:
        raise OperationError("PARSING_ERROR", [error]) from error
    except RecursionError as error:
        raise OperationError("PARSING_ERROR", [GraphQLError("The document is nested too deeply")]) from error


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to execute: the one of that name, or the only one (section 6.1, GetOperation)."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) == 1:
        return operations[0]
    if name is not None:
        message = f"Unknown operation named '{name}'."
    elif operations:
        message = "Must provide operation name if query contains multiple operations."
    else:
        message = "Must provide an operation."
    raise OperationError("GRAPHQL_UNKNOWN_OPERATION_NAME", [GraphQLError(message)])


def check_operation(
    schema: GraphQLSchema, document: DocumentNode, name: str | None
) -> tuple[OperationDefinitionNode, dict[str, FragmentDefinitionNode]]:
    """The operation and the document's fragments, valid against the API schema; else OperationError."""
    operation = choose_operation(document, name)
    try:
        errors = validate(schema, document)
    except RecursionError as error:
        raise OperationError("PARSING_ERROR", [GraphQLError("The document is nested too deeply")]) from error
    if errors:
        raise OperationError("GRAPHQL_VALIDATION_FAILED", errors)
    if operation.operation is OperationType.SUBSCRIPTION:
        raise OperationError("UNSUPPORTED_OPERATION", [GraphQLError("Subscriptions are not served", operation)])
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    return operation, fragments
