"""Query plans in assertions: whom they ask, and whether they are the one that was expected."""

from collections.abc import Iterator
from difflib import unified_diff
from textwrap import dedent

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


class Plan:
    """The plan of an operation. It equals its text in Apollo's notation, however that is laid out."""

    __hash__ = None  # type: ignore[assignment]  # what equals a text in many layouts has no hash of its own

    def __init__(self, plan: QueryPlan) -> None:
        self.query_plan = plan

    @property
    def fetches(self) -> list[Fetch]:
        """All requests to subgraphs, both branches of a condition and deferred ones among them."""
        return list(_fetches(self.query_plan.node))

    def fetches_from(self, subgraph: str) -> list[Fetch]:
        """The requests to one subgraph."""
        return [fetch for fetch in self.fetches if fetch.subgraph == subgraph]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Plan | str):
            return _tokens(str(self)) == _tokens(str(other))
        return NotImplemented

    def __str__(self) -> str:
        return str(self.query_plan)

    def __repr__(self) -> str:
        return str(self)


def difference(found: object, expected: object) -> list[str]:
    """What pytest shows where a plan is not the expected one: the lines that differ, and two around them."""
    changed = unified_diff(_lines(expected), _lines(found), n=2, lineterm="")
    return ["the query plan is another one: - expected, + found", *list(changed)[2:]]


def _lines(plan: object) -> list[str]:
    return dedent(str(plan)).strip().splitlines()


def _tokens(text: str) -> list[str]:
    """A comma means nothing, as in GraphQL (2.1.7)."""
    for mark in "{}()[]":
        text = text.replace(mark, f" {mark} ")
    return text.replace(",", " ").split()


def _fetches(node: TopNode | None) -> Iterator[Fetch]:
    match node:
        case None:
            return
        case Fetch():
            yield node
        case Sequence(nodes) | Parallel(nodes):
            for inner in nodes:
                yield from _fetches(inner)
        case Condition(_, first, second) | Subscription(first, second):
            yield from _fetches(first)
            yield from _fetches(second)
        case Defer(primary, deferred):
            yield from _fetches(primary)
            for part in deferred:
                yield from _fetches(part.node)
