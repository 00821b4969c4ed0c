"""What a supergraph says about costs: `@cost` and `@listSize` (https://ibm.github.io/graphql-specs/cost-spec.html)."""

from collections.abc import Iterable, Mapping

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    IntValueNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    ValueNode,
)
from msgspec import Struct

from gateway.supergraph.directives import applied, argument_values, flag_of, text_of
from gateway.supergraph.links import Links


class ListSize(Struct, frozen=True):
    """How long a list is: `assumed`, or as one of the arguments `slicing` says (`a.b` is a member of an input object).

    With `sized` fields it is the length of those, below the field.
    """

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized: tuple[str, ...] = ()
    requires_one: bool = True


class Costs(Struct, frozen=True):
    """Weights by coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Input.field`; lists by `Type.field`."""

    weights: Mapping[str, int]
    list_sizes: Mapping[str, ListSize]


def read_costs(document: DocumentNode, links: Links) -> Costs:
    """What the definitions of a supergraph document say."""
    cost, list_size = links.directive("cost"), links.directive("cost", "listSize")
    reader = _Reader(cost, list_size)
    for node in document.definitions if cost or list_size else ():
        if isinstance(node, TypeDefinitionNode):
            reader.read(node)
    return Costs(reader.weights, reader.list_sizes)


class _Reader:
    def __init__(self, cost: str | None, list_size: str | None) -> None:
        self._cost = cost
        self._list_size = list_size
        self.weights: dict[str, int] = {}
        self.list_sizes: dict[str, ListSize] = {}

    def read(self, node: TypeDefinitionNode) -> None:
        name = node.name.value
        if isinstance(node, ObjectTypeDefinitionNode | ScalarTypeDefinitionNode | EnumTypeDefinitionNode):
            self._weight(name, node.directives)
        if isinstance(node, InputObjectTypeDefinitionNode):
            for member in node.fields or ():
                self._weight(f"{name}.{member.name.value}", member.directives)
            return
        for field in getattr(node, "fields", None) or ():
            self._field(f"{name}.{field.name.value}", field)

    def _field(self, coordinate: str, field: FieldDefinitionNode) -> None:
        self._weight(coordinate, field.directives)
        for argument in field.arguments or ():
            self._weight(f"{coordinate}({argument.name.value}:)", argument.directives)
        for directive in applied(field.directives, self._list_size):
            self.list_sizes[coordinate] = _read_list_size(argument_values(directive))

    def _weight(self, coordinate: str, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in applied(directives, self._cost):
            weight = _number(argument_values(directive).get("weight"))
            if weight is not None:
                self.weights[coordinate] = weight


def _read_list_size(arguments: Mapping[str, ValueNode]) -> ListSize:
    return ListSize(
        assumed=_number(arguments.get("assumedSize")),
        slicing=_names(arguments.get("slicingArguments")),
        sized=_names(arguments.get("sizedFields")),
        requires_one=flag_of(arguments.get("requireOneSlicingArgument"), default=True),
    )


def _number(value: ValueNode | None) -> int | None:
    """An integer, which the IBM specification writes as a string."""
    if isinstance(value, IntValueNode | StringValueNode):
        try:
            return int(value.value)
        except ValueError:
            return None
    return None


def _names(value: ValueNode | None) -> tuple[str, ...]:
    items = value.values if isinstance(value, ListValueNode) else ()
    return tuple(text for item in items if (text := text_of(item)) is not None)
