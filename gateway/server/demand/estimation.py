"""What an operation will cost, by its plan: made once an operation, a function of its variables."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from gateway.planning.plan import (
    Condition,
    Defer,
    Fetch,
    Parallel,
    QueryPlan,
    Sequence,
    Subscription,
    TopNode,
)
from gateway.server.demand.amounts import Amount, Variables, total, under, value_of
from gateway.server.demand.formula import Formula
from gateway.server.demand.places import Places
from gateway.supergraph import Supergraph

_Conditions: TypeAlias = tuple[tuple[str, bool], ...]


class Cost(Struct, frozen=True):
    """An estimate: of the whole operation, and of all that each subgraph is asked."""

    total: int
    by_subgraph: Mapping[str, int]


class Estimate:
    """The cost of one operation for any values of its variables."""

    def __init__(self, by_subgraph: Mapping[str, Amount]) -> None:
        self._by_subgraph = by_subgraph
        constant = {name: amount for name, amount in by_subgraph.items() if isinstance(amount, int)}
        is_constant = len(constant) == len(by_subgraph)
        self._constant = Cost(sum(constant.values()), constant) if is_constant else None

    def of(self, variables: Variables) -> Cost:
        """Raises CostError."""
        if self._constant is not None:
            return self._constant
        costs = {name: value_of(amount, variables) for name, amount in self._by_subgraph.items()}
        return Cost(sum(costs.values()), costs)


def estimate(plan: QueryPlan, supergraph: Supergraph, formula: Formula) -> Estimate:
    """The cost of all fetches of a plan, those of deferred parts with them, by their conditions."""
    root_type = supergraph.roots[plan.operation.operation.value]
    amounts: dict[str, list[Amount]] = {}
    for fetch, conditions in fetches(plan.node, ()):
        places = Places(formula, plan, root_type, formula.list_size(fetch.subgraph))
        entities = {each.alias: total([places.count(path) for path in each.paths]) for each in fetch.entities}
        amount = under(conditions, formula.of(fetch, entities))
        amounts.setdefault(fetch.subgraph, []).append(amount)
    return Estimate({name: total(found) for name, found in amounts.items()})


def fetches(node: TopNode | None, conditions: _Conditions) -> Iterator[tuple[Fetch, _Conditions]]:
    """All fetches, each with the conditions under which it is sent."""
    match node:
        case Fetch():
            yield node, conditions
        case Sequence(nodes) | Parallel(nodes):
            for child in nodes:
                yield from fetches(child, conditions)
        case Condition(variable, if_clause, else_clause):
            yield from fetches(if_clause, (*conditions, (variable, True)))
            yield from fetches(else_clause, (*conditions, (variable, False)))
        case Subscription(primary, rest):
            yield primary, conditions
            yield from fetches(rest, conditions)
        case Defer():
            yield from fetches(node.at_once(), conditions)
