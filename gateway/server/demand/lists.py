"""How many objects a list is taken to have: `@listSize`, or the configured size of any list."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    VariableNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)
from msgspec import Struct

from gateway.server.demand.amounts import Amount, CostError, Variables
from gateway.supergraph.costs import Costs, ListSize


class Sizes(Struct, frozen=True):
    """Of one field: its own size where it is a list, and those of the lists right below it, by name."""

    own: Amount | None = None
    below: Mapping[str, Amount] = {}


_UNKNOWN = Sizes()


class ListSizes:
    """Answers for fields of one supergraph."""

    def __init__(self, schema: GraphQLSchema, costs: Costs) -> None:
        self._schema = schema
        self._costs = costs

    def of(self, parent: str, node: FieldNode, default: int) -> Sizes:
        """What `@listSize` says of a field that is selected on the type `parent`; a list has `default` objects else."""
        found = self._costs.list_sizes.get(f"{parent}.{node.name.value}")
        if found is None:
            return _UNKNOWN
        otherwise = default if found.assumed is None else found.assumed
        amount = _amount(found, self._defaults(parent, node.name.value), node, otherwise)
        return Sizes(None, dict.fromkeys(found.sized, amount)) if found.sized else Sizes(amount)

    def _defaults(self, parent: str, name: str) -> dict[str, Any]:
        type_ = self._schema.type_map.get(parent)
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) or name not in type_.fields:
            return {}
        nodes = {key: argument.ast_node for key, argument in type_.fields[name].args.items()}
        return {
            key: value_from_ast_untyped(node.default_value)
            for key, node in nodes.items()
            if node and node.default_value
        }


def _amount(found: ListSize, defaults: Mapping[str, Any], node: FieldNode, otherwise: int) -> Amount:
    if not found.slicing:
        return otherwise

    def size(variables: Variables) -> int:
        given = {**defaults, **argument_values(node, variables)}
        return _sliced(found, given, node.name.value, otherwise)

    if uses_variables(node):
        return size
    try:
        return size({})
    except CostError:  # told when a request comes
        return size


def argument_values(node: FieldNode, variables: Variables) -> dict[str, Any]:
    """The arguments that are given, as plain values."""
    values = {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in node.arguments or ()
    }
    return {name: value for name, value in values.items() if value is not Undefined}


def uses_variables(node: FieldNode) -> bool:
    """Whether any argument of the field has a variable in it."""
    found = _Variables()
    for argument in node.arguments or ():
        visit(argument, found)
    return found.any


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.any = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.any = True


def _sliced(found: ListSize, given: Mapping[str, Any], name: str, otherwise: int) -> int:
    sizes = [size for path in found.slicing if (size := _at(given, path)) is not None]
    if found.requires_one and len(sizes) != 1:
        raise CostError(
            f"The field {name} takes exactly one of the arguments that say how long its list is, got {len(sizes)}"
        )
    return max(0, *sizes) if sizes else otherwise


def _at(given: Any, path: str) -> int | None:
    for key in path.split("."):
        given = given.get(key) if isinstance(given, Mapping) else None
    return given if isinstance(given, int) and not isinstance(given, bool) else None
