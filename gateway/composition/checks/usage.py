"""What an operation uses of a schema, as schema coordinates (GraphQL, "Schema Coordinates").

A variable may hold any value of its type, so that all of an input type's fields and an enum's values count as used.
"""

from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    NamedTypeNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    visit,
)


def used_coordinates(schema: GraphQLSchema, document: DocumentNode) -> dict[str, frozenset[str]]:
    """The coordinates that each operation of a valid document uses, by the operation's name."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    operations: list[OperationDefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
        elif isinstance(node, OperationDefinitionNode):
            operations.append(node)
    used = {}
    for operation in operations:
        usage = _Usage(schema)
        usage.read(operation, fragments)
        name = operation.name.value if operation.name else "(anonymous)"
        used[name] = frozenset(usage.coordinates)
    return used


class _Usage(Visitor):
    """Collects the coordinates of one operation and of the fragments that it spreads."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.coordinates: set[str] = set()
        self._schema = schema
        self._info = TypeInfo(schema)
        self._spread: list[str] = []
        self._whole: set[str] = set()

    def read(self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
        visit(operation, TypeInfoVisitor(self._info, self))
        seen: set[str] = set()
        while self._spread:
            name = self._spread.pop()
            if name not in seen:
                seen.add(name)
                visit(fragments[name], TypeInfoVisitor(self._info, self))

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is None or field is None:
            return
        owners = [parent.name]
        if is_abstract_type(parent):
            owners += [each.name for each in self._schema.get_possible_types(parent)]
        for owner in owners:
            coordinate = f"{owner}.{node.name.value}"
            self.coordinates |= {owner, coordinate}
            self.coordinates |= {f"{coordinate}({each.name.value}:)" for each in node.arguments or ()}
        self._use_output(get_named_type(field.type))

    def _use_output(self, named: GraphQLNamedType) -> None:
        self.coordinates.add(named.name)
        if isinstance(named, GraphQLEnumType):
            self.coordinates |= {f"{named.name}.{value}" for value in named.values}
        elif is_abstract_type(named):
            self.coordinates |= {each.name for each in self._schema.get_possible_types(named)}

    def enter_fragment_spread(self, node: Any, *_: Any) -> None:
        self._spread.append(node.name.value)

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
        self.coordinates.add(node.name.value)

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        name = f"@{node.name.value}"
        self.coordinates |= {name, *(f"{name}({each.name.value}:)" for each in node.arguments or ())}

    def enter_variable(self, _: VariableNode, *__: Any) -> None:
        expected = self._info.get_input_type()
        if expected is not None:
            self._use_input(get_named_type(expected))

    def _use_input(self, named: GraphQLNamedType) -> None:
        """Use all of an input type, as a variable does."""
        if named.name in self._whole:
            return
        self._whole.add(named.name)
        self.coordinates.add(named.name)
        if isinstance(named, GraphQLEnumType):
            self.coordinates |= {f"{named.name}.{value}" for value in named.values}
        elif isinstance(named, GraphQLInputObjectType):
            for name, field in named.fields.items():
                self.coordinates.add(f"{named.name}.{name}")
                self._use_input(get_named_type(field.type))

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self._info.get_parent_input_type())
        if parent is not None:
            self.coordinates |= {parent.name, f"{parent.name}.{node.name.value}"}

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        expected = get_named_type(self._info.get_input_type())
        if expected is not None:
            self.coordinates |= {expected.name, f"{expected.name}.{node.value}"}
