"""Builds the typed model from a parsed SDL document, reporting what is defined twice.

Definitions and extensions of a type are merged into one `Type`; a type that is only extended is still a type of the
subgraph, as federation lets another subgraph define it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from graphql import language as ast
from graphql.pyutils import Undefined

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.model.schema import (
    ROOT_NAMES,
    Application,
    DirectiveDefinition,
    Element,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
)
from gateway.composition.model.value import value_from_ast
from gateway.composition.result import SourceLocation

_KINDS: dict[str, Kind] = {
    "scalar_type": Kind.SCALAR,
    "object_type": Kind.OBJECT,
    "interface_type": Kind.INTERFACE,
    "union_type": Kind.UNION,
    "enum_type": Kind.ENUM,
    "input_object_type": Kind.INPUT,
}

Member = TypeVar("Member", bound=Element)


class SchemaBuilder:
    """Builds one subgraph's `Schema`; `names` maps local directive names to the core directives they stand for."""

    def __init__(self, subgraph: str, names: Mapping[str, str], diagnostics: Diagnostics) -> None:
        self.schema = Schema(name=subgraph)
        self._names = names
        self._diagnostics = diagnostics

    def add(self, document: ast.DocumentNode) -> Schema:
        for node in document.definitions:
            match node:
                case ast.SchemaDefinitionNode() | ast.SchemaExtensionNode():
                    self._add_schema(node)
                case ast.DirectiveDefinitionNode():
                    self._add_directive(node)
                case ast.TypeDefinitionNode() | ast.TypeExtensionNode():
                    self._add_type(node)
                case _:
                    self._error(
                        "Executable definitions have no place in a schema; remove this one.",
                        None,
                        self.place(node),
                    )
        self._set_default_roots()
        return self.schema

    def place(self, node: ast.Node) -> SourceLocation | None:
        """Where an element's name stands (its description would come first otherwise)."""
        named = getattr(node, "name", None) or node
        if named.loc is None:
            return None
        token = named.loc.start_token
        return SourceLocation(self.schema.name, token.line, token.column)

    def applications(
        self, nodes: Sequence[ast.DirectiveNode] | None, *, extension: bool = False
    ) -> list[Application]:
        return [self._application(node, extension=extension) for node in nodes or ()]

    def _application(self, node: ast.DirectiveNode, *, extension: bool) -> Application:
        name = node.name.value
        arguments = {argument.name.value: value_from_ast(argument.value) for argument in node.arguments or ()}
        if len(arguments) < len(node.arguments or ()):
            self._error(f'There can be only one of each argument of "@{name}".', f"@{name}", self.place(node))
        return Application(name, arguments, self._names.get(name), self.place(node), extension)

    def _error(self, message: str, coordinate: str | None, *places: SourceLocation | None) -> None:
        self._diagnostics.error("INVALID_GRAPHQL", f"[{self.schema.name}] {message}", coordinate, places)

    def _add_schema(self, node: ast.SchemaDefinitionNode | ast.SchemaExtensionNode) -> None:
        self.schema.applications += self.applications(node.directives)
        for operation in node.operation_types or ():
            role = operation.operation.value
            if role in self.schema.roots:
                self._error(f"There can be only one {role} type in schema.", "schema", self.place(operation))
            self.schema.roots[role] = operation.type.name.value
        if isinstance(node, ast.SchemaDefinitionNode):
            if self.schema.location is not None:
                self._error("Must provide only one schema definition.", "schema", self.place(node))
            self.schema.location = self.place(node)
            self.schema.description = node.description.value if node.description else None

    def _set_default_roots(self) -> None:
        for role, name in ROOT_NAMES.items():
            found = self.schema.types.get(name)
            if self.schema.location is None and found is not None and found.kind is Kind.OBJECT:
                self.schema.roots.setdefault(role, name)

    def _add_directive(self, node: ast.DirectiveDefinitionNode) -> None:
        name = node.name.value
        if name in self.schema.directives:
            self._error(f'There can be only one directive named "@{name}".', f"@{name}", self.place(node))
        self.schema.directives[name] = DirectiveDefinition(
            name=name,
            description=_description(node),
            location=self.place(node),
            arguments=self._inputs(node.arguments, f"@{name}", "({}:)"),
            locations=tuple(each.value for each in node.locations),
            repeatable=node.repeatable,
            core=self._names.get(name),
        )

    def _add_type(self, node: ast.TypeDefinitionNode | ast.TypeExtensionNode) -> None:
        name = node.name.value
        extension = isinstance(node, ast.TypeExtensionNode)
        kind = _KINDS[node.kind.removesuffix("_extension").removesuffix("_definition")]
        target = self.schema.types.get(name)
        if target is None:
            target = Type(name=name, kind=kind, location=self.place(node), defined=False)
            self.schema.types[name] = target
        self._note_definition(target, node, kind, extension=extension)
        target.applications += self.applications(node.directives, extension=extension)
        for interface in getattr(node, "interfaces", None) or ():
            self._once(
                target.interfaces,
                interface,
                f'Type "{name}" can only implement "{interface.name.value}" once.',
            )
        for member in getattr(node, "types", None) or ():
            self._once(
                target.members,
                member,
                f'Union type "{name}" can only include type "{member.name.value}" once.',
            )
        if kind is target.kind:
            self._add_members(target, node, extension=extension)

    def _once(self, into: dict[str, SourceLocation | None], node: ast.NamedTypeNode, message: str) -> None:
        if node.name.value in into:
            self._error(message, None, self.place(node))
        into[node.name.value] = self.place(node)

    def _note_definition(self, target: Type, node: ast.Node, kind: Kind, *, extension: bool) -> None:
        name = target.name
        if kind is not target.kind:
            self._error(
                f'Cannot extend or redefine {target.kind} "{name}" as {kind}.', name, self.place(node)
            )
        if extension:
            target.extended = True
            return
        if target.defined:
            self._error(
                f'There can be only one type named "{name}".', name, self.place(node), target.location
            )
        target.defined = True
        target.location = self.place(node)
        target.description = _description(node)

    def _add_members(self, target: Type, node: ast.Node, *, extension: bool) -> None:
        name = target.name
        if target.kind is Kind.ENUM:
            values = getattr(node, "values", None) or ()
            self._add_all(target.values, values, lambda each: self._enum_value(each, name), "Enum value")
        elif target.kind is Kind.INPUT:
            fields = getattr(node, "fields", None) or ()
            self._add_all(
                target.inputs, fields, lambda each: self._input(each, f"{name}.{each.name.value}"), "Field"
            )
        elif target.kind in {Kind.OBJECT, Kind.INTERFACE}:
            fields = getattr(node, "fields", None) or ()
            self._add_all(
                target.fields, fields, lambda each: self._field(each, name, extension=extension), "Field"
            )

    def _add_all(
        self, into: dict[str, Member], nodes: Iterable[ast.Node], build: Callable[..., Member], what: str
    ) -> None:
        for node in nodes:
            member = build(node)
            if member.name in into:
                coordinate = str(getattr(member, "coordinate", member.name))
                self._error(f'{what} "{coordinate}" can only be defined once.', coordinate, member.location)
            into[member.name] = member

    def _enum_value(self, node: ast.EnumValueDefinitionNode, owner: str) -> EnumValue:
        return EnumValue(
            name=node.name.value,
            coordinate=f"{owner}.{node.name.value}",
            description=_description(node),
            location=self.place(node),
            applications=self.applications(node.directives),
        )

    def _field(self, node: ast.FieldDefinitionNode, owner: str, *, extension: bool) -> Field:
        name = node.name.value
        return Field(
            name=name,
            parent=owner,
            type=reference(node.type),
            description=_description(node),
            location=self.place(node),
            applications=self.applications(node.directives),
            arguments=self._inputs(node.arguments, f"{owner}.{name}", "({}:)") if node.arguments else {},
            extension=extension,
        )

    def _inputs(
        self, nodes: Iterable[ast.InputValueDefinitionNode] | None, owner: str, form: str
    ) -> dict[str, InputValue]:
        inputs: dict[str, InputValue] = {}
        self._add_all(
            inputs,
            nodes or (),
            lambda each: self._input(each, owner + form.format(each.name.value)),
            "Argument",
        )
        return inputs

    def _input(self, node: ast.InputValueDefinitionNode, coordinate: str) -> InputValue:
        return InputValue(
            name=node.name.value,
            coordinate=coordinate,
            type=reference(node.type),
            default=value_from_ast(node.default_value) if node.default_value else Undefined,
            description=_description(node),
            location=self.place(node),
            applications=self.applications(node.directives),
        )


def reference(node: ast.TypeNode) -> str:
    """A type reference as text."""
    match node:
        case ast.NonNullTypeNode(type=inner):
            return f"{reference(inner)}!"
        case ast.ListTypeNode(type=inner):
            return f"[{reference(inner)}]"
        case ast.NamedTypeNode(name=name):
            return name.value
        case _:
            raise TypeError(node.kind)


def _description(node: ast.Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None
