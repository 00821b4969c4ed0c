"""From the text of a request to one valid operation (GraphQL specification, sections 2, 5 and 6.1)."""

from typing import cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLDeferDirective,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from gateway.planning.errors import OperationError


def parse_operation(document: str | DocumentNode) -> DocumentNode:
    if isinstance(document, DocumentNode):
        return document
    try:
        return parse(document, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        raise OperationError("PARSING_ERROR", [error]) from error


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
    if errors := validate(schema, document):
        document = with_required_conditions(document)
        operation = choose_operation(document, name)
        if validate(schema, document):
            raise OperationError("GRAPHQL_VALIDATION_FAILED", errors)
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    return operation, fragments


def with_defer(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with the directive `@defer`, which every operation may use; clients may not see it declared."""
    if schema.get_directive(GraphQLDeferDirective.name):
        return schema
    members = schema.to_kwargs()
    members["directives"] = (*members["directives"], GraphQLDeferDirective)
    return GraphQLSchema(**members)


def with_required_conditions(document: DocumentNode) -> DocumentNode:
    """The document with each variable of a @skip or @include declared `Boolean!` where it is `Boolean`.

    Clients of other routers declare them nullable. The operation is planned all the same, and a request
    that leaves such a variable out fails by the coercion of its variables.
    """
    conditions = _ConditionVariables()
    visit(document, conditions)
    return cast("DocumentNode", visit(document, _RequireVariables(conditions.names)))


class _ConditionVariables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value in ("skip", "include"):
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.names.add(argument.value.name.value)


class _RequireVariables(Visitor):
    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def enter_variable_definition(
        self, node: VariableDefinitionNode, *_: object
    ) -> VariableDefinitionNode | None:
        if node.variable.name.value not in self._names or not isinstance(node.type, NamedTypeNode):
            return None
        return VariableDefinitionNode(
            variable=node.variable,
            type=NonNullTypeNode(type=node.type),
            default_value=node.default_value,
            directives=node.directives,
            loc=node.loc,
        )
