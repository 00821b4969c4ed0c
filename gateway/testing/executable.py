"""The schema that a subgraph serves: its SDL with federation's own fields, by graphql-core."""

from collections.abc import Sequence
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    build_ast_schema,
    parse,
)
from graphql.language import ast

_SERVICE = "type _Service { sdl: String } extend type %s { _service: _Service! }"
_ENTITIES = (
    "scalar _Any union _Entity = %s extend type %s { _entities(representations: [_Any!]!): [_Entity]! }"
)


def executable_schema(sdl: str) -> GraphQLSchema:
    """What `sdl` describes, with `_service` and, where it has entities, `_entities`.

    It is not validated: composition does that. Directives are left to it as well. Raises GraphQLSyntaxError.
    """
    parsed = parse(sdl, no_location=True).definitions
    query = _query_type(parsed)
    types = _with_bases([node for node in parsed if isinstance(node, TypeDefinitionNode | TypeExtensionNode)])
    if not any(isinstance(node, TypeDefinitionNode) and node.name.value == query for node in types):
        types += parse(f"type {query}", no_location=True).definitions
    machinery = _SERVICE % query
    if entities := dict.fromkeys(node.name.value for node in types if _is_entity(node)):
        machinery += _ENTITIES % (" | ".join(entities), query)
    roots = [node for node in parsed if isinstance(node, SchemaDefinitionNode) and node.operation_types]
    definitions = (*roots, *types, *parse(machinery, no_location=True).definitions)
    return build_ast_schema(DocumentNode(definitions=definitions), assume_valid=True, assume_valid_sdl=True)


def _query_type(definitions: Sequence[DefinitionNode]) -> str:
    for node in definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for root in node.operation_types or ():
                if root.operation.value == "query":
                    return root.type.name.value
    return "Query"


def _with_bases(nodes: Sequence[Any]) -> list[Any]:
    """The nodes, where the first extension of a type that the subgraph does not define is its definition."""
    known = {node.name.value for node in nodes if isinstance(node, TypeDefinitionNode)}
    found = []
    for node in nodes:
        if node.name.value in known:
            found.append(node)
        else:
            known.add(node.name.value)
            found.append(_as_definition(node))
    return found


def _as_definition(extension: TypeExtensionNode) -> TypeDefinitionNode:
    kind = getattr(ast, type(extension).__name__.replace("Extension", "Definition"))
    definition: TypeDefinitionNode = kind(**{key: getattr(extension, key) for key in extension.keys})
    return definition


def _is_entity(node: DefinitionNode) -> bool:
    return isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode) and any(
        directive.name.value.rpartition("__")[2] == "key" for directive in node.directives or ()
    )
