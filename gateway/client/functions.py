"""The module of one operation: its classes, its document, and the function that sends it."""

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    TypeNode,
    VariableDefinitionNode,
    type_from_ast,
)
from graphql import GraphQLType as Type

from gateway.client.documents import NamedOperation
from gateway.client.inputs import optional
from gateway.client.names import pascal_case, snake_case
from gateway.client.results import Fragments, Results
from gateway.client.selections import Part, Selections
from gateway.client.source import Module, call, text_literal
from gateway.client.types import Leaves


def operation_module(
    operation: NamedOperation,
    schema: GraphQLSchema,
    selections: Selections,
    leaves: Leaves,
    fragments: Fragments,
) -> Module:
    """Its public names are those of `public_names`."""
    kind = operation.node.operation.value
    module = Module("", f"The {kind} `{operation.name}`.")
    root = schema.get_root_type(operation.node.operation)
    assert isinstance(root, GraphQLObjectType)
    data, _ = public_names(operation)
    results = Results(schema, selections, leaves, module, fragments)
    results.make(data, root, (Part(operation.node.selection_set),))
    module.add(_constant(operation, data, module))
    module.add(_function(operation, schema, leaves, module))
    return module


def public_names(operation: NamedOperation) -> tuple[str, str]:
    """The class of an operation's data, and its function."""
    return pascal_case(operation.name), snake_case(operation.name)


def _constant(operation: NamedOperation, data: str, module: Module) -> str:
    module.use(".client", "Operation")
    document = text_literal(operation.document)
    members = (f'name="{operation.name}"', f'id="{operation.id}"', f"document={document}", f"data={data}")
    return "OPERATION = Operation(\n" + "".join(f"    {each},\n" for each in members) + ")\n"


def _function(operation: NamedOperation, schema: GraphQLSchema, leaves: Leaves, module: Module) -> str:
    data, name = public_names(operation)
    client = module.use(".client", "Client")
    required, defaulted, sent = [], [], []
    taken = {"client"}
    for variable in operation.node.variable_definitions or ():
        key = variable.variable.name.value
        own = snake_case(key, taken)
        taken.add(own)
        sent.append(f'"{key}": {own}')
        annotation = leaves.annotate(_type_of(variable, schema), module)
        if _is_required(variable):
            required.append(f"{own}: {annotation}")
        else:
            defaulted.append(f"{own}: {optional(annotation, module.use)} = UNSET")
    parameters = [f"client: {client}", *(["*"] if required or defaulted else []), *required, *defaulted]
    head = call(f"async def {name}", parameters, tail=f" -> {data}:")
    what = f'    """Sends the {operation.node.operation.value} `{operation.name}`."""'
    return f"{head}\n{what}\n{_sending(sent)}\n"


def _sending(sent: list[str]) -> str:
    """The line that sends; the variables a line each where they do not fit into one."""
    inline = f"{{{', '.join(sent)}}}"
    line = f"    return await client.execute(OPERATION, {inline})"
    if len(line) <= 88:
        return line
    if len(f"    variables = {inline}") <= 88:
        return f"    variables = {inline}\n    return await client.execute(OPERATION, variables)"
    inside = "".join(f"        {each},\n" for each in sent)
    return f"    variables = {{\n{inside}    }}\n    return await client.execute(OPERATION, variables)"


def _is_required(variable: VariableDefinitionNode) -> bool:
    return isinstance(variable.type, NonNullTypeNode) and variable.default_value is None


def _type_of(variable: VariableDefinitionNode, schema: GraphQLSchema) -> Type:
    node: TypeNode = variable.type
    assert isinstance(node, NamedTypeNode | ListTypeNode | NonNullTypeNode)
    found = type_from_ast(schema, node)
    assert found is not None, "validated before"
    return found
