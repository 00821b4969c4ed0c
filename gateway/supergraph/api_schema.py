"""The API schema: what a client sees of a supergraph.

Inaccessible elements, the elements of linked specifications and all applied directives but those of the
GraphQL specification are left out. A type or union without anything accessible goes too.
"""

from collections.abc import Iterable
from typing import TypeVar

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    NameNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    specified_scalar_types,
)
from graphql.language import DirectiveLocation

from gateway.supergraph.directives import applied
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.links import Links
from gateway.supergraph.reader import type_reference

_CLIENT_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE = frozenset(
    location.name
    for location in (
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
        DirectiveLocation.VARIABLE_DEFINITION,
    )
)

_Annotated = TypeVar(
    "_Annotated", TypeDefinitionNode, FieldDefinitionNode, InputValueDefinitionNode, EnumValueDefinitionNode
)


def build_api_schema(document: DocumentNode, links: Links) -> GraphQLSchema:
    """The API schema of a supergraph document; SupergraphError where none can be built of it."""
    filtering = _Filter(document, links)
    definitions = tuple(
        kept for definition in document.definitions if (kept := filtering.definition(definition)) is not None
    )
    try:
        schema = build_ast_schema(
            DocumentNode(definitions=(*definitions, *_undefined_scalars(definitions))), assume_valid=True
        )
    except (GraphQLError, TypeError) as error:
        raise SupergraphError("INVALID_FEDERATION_SUPERGRAPH", str(error)) from error
    if schema.query_type is None:
        raise SupergraphError("INVALID_FEDERATION_SUPERGRAPH", "The supergraph has no query root")
    return schema


def _undefined_scalars(definitions: Iterable[DefinitionNode]) -> list[ScalarTypeDefinitionNode]:
    """Custom scalars for types of fields and arguments that nothing defines: some composers let them pass."""
    known = set(specified_scalar_types)
    used: dict[str, None] = {}
    for definition in definitions:
        if isinstance(definition, TypeDefinitionNode):
            known.add(definition.name.value)
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            for field in definition.fields or ():
                typed = [field.type, *(argument.type for argument in field.arguments or ())]
                used |= {type_reference(node).name: None for node in typed}
    return [
        ScalarTypeDefinitionNode(name=NameNode(value=name), directives=())
        for name in used
        if name not in known
    ]


class _Filter:
    def __init__(self, document: DocumentNode, links: Links) -> None:
        self._links = links
        self._inaccessible = links.directive("inaccessible")
        types = [
            definition for definition in document.definitions if isinstance(definition, TypeDefinitionNode)
        ]
        self._visible_types = {
            node.name.value
            for node in types
            if not links.owns(node.name.value) and not self._is_hidden(node.directives)
        }
        self._hidden = {node.name.value for node in types} - self._visible_types

    def definition(self, node: DefinitionNode) -> DefinitionNode | None:
        match node:
            case SchemaDefinitionNode():
                return SchemaDefinitionNode(
                    description=node.description,
                    operation_types=tuple(
                        root for root in node.operation_types if root.type.name.value in self._visible_types
                    ),
                    directives=(),
                )
            case SchemaExtensionNode():
                return None
            case DirectiveDefinitionNode():
                return self._directive(node)
            case TypeDefinitionNode() if node.name.value not in self._hidden:
                return self._type(node)
        return None

    def _is_hidden(self, directives: Iterable[DirectiveNode] | None) -> bool:
        return self._inaccessible is not None and any(applied(directives, self._inaccessible))

    def _directive(self, node: DirectiveDefinitionNode) -> DirectiveDefinitionNode | None:
        name = node.name.value
        if self._links.owns_directive(name) or not any(
            place.value in _EXECUTABLE for place in node.locations
        ):
            return None
        return node

    def _type(self, node: TypeDefinitionNode) -> DefinitionNode:
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                return _rebuild(
                    node, interfaces=self._visible_names(node.interfaces), fields=self._fields(node.fields)
                )
            case UnionTypeDefinitionNode():
                return _rebuild(node, types=self._visible_names(node.types))
            case EnumTypeDefinitionNode():
                return _rebuild(node, values=self._visible(node.values))
            case InputObjectTypeDefinitionNode():
                return _rebuild(node, fields=self._visible(node.fields))
        return _rebuild(node)

    def _visible_names(self, names: Iterable[NamedTypeNode] | None) -> tuple[NamedTypeNode, ...]:
        return tuple(name for name in names or () if name.name.value not in self._hidden)

    def _visible(self, nodes: Iterable[_Annotated] | None) -> tuple[_Annotated, ...]:
        return tuple(_rebuild(node) for node in nodes or () if not self._is_hidden(node.directives))

    def _fields(self, fields: Iterable[FieldDefinitionNode] | None) -> tuple[FieldDefinitionNode, ...]:
        return tuple(
            _rebuild(field, arguments=self._visible(field.arguments))
            for field in fields or ()
            if not self._is_hidden(field.directives)
        )


def _rebuild(node: _Annotated, **changes: object) -> _Annotated:
    """A copy of `node` with the members `changes` and only the directives that a client may see."""
    members = {key: getattr(node, key) for key in node.keys} | changes
    return type(node)(**(members | {"directives": _client_visible(members["directives"])}))


def _client_visible(directives: Iterable[DirectiveNode] | None) -> tuple[DirectiveNode, ...]:
    return tuple(directive for directive in directives or () if directive.name.value in _CLIENT_DIRECTIVES)
