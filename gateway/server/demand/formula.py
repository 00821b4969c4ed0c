"""What one request to a subgraph will cost, by its document: Apollo's formula.

A field costs its own weight and what is selected below it, as often as its list is long, and its arguments once. A weight
is the field's `@cost`, or its type's; an object without any weighs one, a leaf nothing. A mutation costs ten more.
"""

from collections.abc import Callable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.planning.normalization import conditions_of
from gateway.planning.plan import Fetch
from gateway.server.demand.amounts import Amount, times, total, under
from gateway.server.demand.arguments import ArgumentCosts
from gateway.server.demand.lists import ListSizes, Sizes
from gateway.supergraph import Supergraph

MUTATION = 10
_NO_SIZES: Mapping[str, Amount] = {}


class Formula:
    """Makes amounts of fetches. `list_size` is how long a list in a subgraph is where nothing says so."""

    def __init__(self, supergraph: Supergraph, list_size: Callable[[str], int]) -> None:
        self._types = supergraph.types
        self._roots = supergraph.roots
        self._weights = supergraph.costs.weights
        self.list_size = list_size
        self.lists = ListSizes(supergraph.api_schema, supergraph.costs)
        self._arguments = ArgumentCosts(supergraph.api_schema, supergraph.costs)

    def of(self, fetch: Fetch, entities: Mapping[str, Amount]) -> Amount:
        """The cost of a fetch; `entities` is how many there are, by the alias of the `_entities` field."""
        definitions = parse(fetch.document, no_location=True).definitions
        fragments = {
            node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)
        }
        costing = _Costing(self, self.list_size(fetch.subgraph), fragments, entities)
        (operation,) = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        base = MUTATION if fetch.operation_kind == "mutation" else 0
        root = self.root(fetch.operation_kind)
        return total([base, costing.selections(operation.selection_set, root)])

    def root(self, kind: str) -> str:
        """The root type of operations of that kind."""
        return self._roots.get(kind, "Query")

    def field_type(self, parent: str, name: str) -> tuple[str, int] | None:
        """The named type of a field and how deep its lists nest; None for one that the supergraph does not have."""
        type_ = self._types.get(parent)
        field = type_.fields.get(name) if type_ else None
        return (field.type.name, field.type.depth) if field else None

    def weight(self, parent: str, name: str, type_name: str) -> int:
        """What the value of a field costs, without anything below it."""
        found = self._weights.get(f"{parent}.{name}", self._weights.get(type_name))
        if found is not None:
            return found
        type_ = self._types.get(type_name)
        return int(type_ is not None and type_.kind in ("OBJECT", "INTERFACE", "UNION"))

    def arguments(self, parent: str, node: FieldNode) -> Amount:
        return self._arguments.of(parent, node)


class _Costing:
    """The costing of one document."""

    def __init__(
        self,
        formula: Formula,
        list_size: int,
        fragments: Mapping[str, FragmentDefinitionNode],
        entities: Mapping[str, Amount],
    ) -> None:
        self._formula = formula
        self._list_size = list_size
        self._fragments = fragments
        self._entities = entities

    def selections(
        self, selection_set: SelectionSetNode, parent: str, sizes: Mapping[str, Amount] = _NO_SIZES
    ) -> Amount:
        """`sizes` are those of lists that the field above tells of."""
        amounts = []
        for node in selection_set.selections:
            conditions = conditions_of(node.directives or (), ())
            if conditions is None:
                continue
            match node:
                case FieldNode():
                    amount = self._field(node, parent, sizes)
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    amount = self.selections(inner, condition.name.value if condition else parent, sizes)
                case FragmentSpreadNode(name=name):
                    fragment = self._fragments[name.value]
                    amount = self.selections(
                        fragment.selection_set, fragment.type_condition.name.value, sizes
                    )
                case _:
                    continue
            amounts.append(under(conditions, amount))
        return total(amounts)

    def _field(self, node: FieldNode, parent: str, sizes: Mapping[str, Amount]) -> Amount:
        name = node.name.value
        if name == "_entities":
            return self._entity_field(node)
        declared = self._formula.field_type(parent, name)
        if declared is None:
            return 0
        type_name, lists = declared
        told = self._formula.lists.of(parent, node, self._list_size)
        own = self._formula.weight(parent, name, type_name)
        below = self.selections(node.selection_set, type_name, told.below) if node.selection_set else 0
        count = list_count(name, told, sizes, self._list_size) if lists else 1
        return total([times(count, total([own, below])), self._formula.arguments(parent, node)])

    def _entity_field(self, node: FieldNode) -> Amount:
        assert node.selection_set is not None
        count = self._entities.get((node.alias or node.name).value, self._list_size)
        return times(count, total([1, self.selections(node.selection_set, "_Entity")]))


def list_count(name: str, told: Sizes, sizes: Mapping[str, Amount], list_size: int) -> Amount:
    """How long the list of the field `name` is, by what it is told of itself and by the field above."""
    if name in sizes:
        return sizes[name]
    return list_size if told.own is None else told.own
