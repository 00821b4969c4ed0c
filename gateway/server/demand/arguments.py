"""What the arguments of a field cost: those with a `@cost`, and input objects, each of which costs one."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from gateway.server.demand.amounts import Amount, Variables
from gateway.server.demand.lists import argument_values, uses_variables
from gateway.supergraph.costs import Costs


class ArgumentCosts:
    """Answers for fields of one supergraph."""

    def __init__(self, schema: GraphQLSchema, costs: Costs) -> None:
        self._schema = schema
        self._weights = costs.weights

    def of(self, parent: str, node: FieldNode) -> Amount:
        """The cost of all arguments that a field is given where it is selected on the type `parent`."""
        type_ = self._schema.type_map.get(parent)
        if not node.arguments or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        field = type_.fields.get(node.name.value)
        counted = {
            name: (f"{parent}.{node.name.value}({name}:)", get_named_type(argument.type))
            for name, argument in (field.args.items() if field else ())
        }
        counted = {name: each for name, each in counted.items() if self._may_cost(*each)}
        if not any(argument.name.value in counted for argument in node.arguments):
            return 0

        def cost(variables: Variables) -> int:
            values = argument_values(node, variables)
            return sum(self._cost(values[name], *each) for name, each in counted.items() if name in values)

        return cost if uses_variables(node) else cost({})

    def _may_cost(self, coordinate: str, type_: object) -> bool:
        return coordinate in self._weights or isinstance(type_, GraphQLInputObjectType)

    def _cost(self, value: Any, coordinate: str, type_: Any) -> int:
        if value is None:
            return 0
        is_object = isinstance(value, Mapping) and isinstance(type_, GraphQLInputObjectType)
        weight = self._weights.get(coordinate, 1 if is_object else 0)
        if isinstance(value, list | tuple):
            own = self._weights.get(coordinate, 0)
            return own + sum(self._cost(item, coordinate, type_) for item in value)
        if not is_object:
            return weight
        members = ((name, type_.fields[name]) for name in value if name in type_.fields)
        return weight + sum(
            self._cost(value[name], f"{type_.name}.{name}", get_named_type(member.type))
            for name, member in members
        )
