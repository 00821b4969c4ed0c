"""Looks for better plans by making other choices than the preferred ones, within a budget."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gateway.planning.errors import OperationError
from gateway.planning.fetch_graph import FetchGraph
from gateway.planning.plan import Effort
from gateway.planning.reach import Option
from gateway.planning.requests import Request, depths, join_fetches
from gateway.planning.selection import Selection


class Candidate(Struct):
    """A plan that was built, and what it costs: longest chain first, then requests, then fields.

    One that leaves selections `unreached` costs more than any that does not. Deferred parts count after the rest.
    """

    requests: list[Request]
    unreached: list[Selection]
    fields: int

    @property
    def cost(self) -> tuple[int, ...]:
        longest = depths(self.requests)
        first = sum(request.part is None for request in self.requests)
        deepest = max(longest.values(), default=0)
        return (
            len(self.unreached),
            longest.get(None, 0),
            first,
            deepest,
            len(self.requests),
            self.fields,
        )


class RecordedChoices:
    """Chooses what `fixed` says, else what is preferred, and notes the decisions that were open."""

    def __init__(self, fixed: dict[object, int]) -> None:
        self._fixed = fixed
        self.made: dict[object, tuple[int, int]] = {}

    def choose(self, decision: object, options: Sequence[Option], preferred: int) -> Option:
        index = self._fixed.get(decision, preferred)
        if index >= len(options):
            index = preferred
        self.made[decision] = (index, len(options))
        return options[index]


PLANS_BUDGET = 60
"""How many plans are built for one operation at most."""

FIELDS_BUDGET = 1500
"""How many fields all of those plans may have together: what bounds the time for a large operation."""


def best_plan(build: Callable[[RecordedChoices], FetchGraph]) -> tuple[Candidate, Effort]:
    """The cheapest plan that is found within the budgets, and what it took.

    The first takes every preferred option. Then one decision after another is changed, and stays so if it pays.
    """
    fixed: dict[object, int] = {}
    choices = RecordedChoices(fixed)
    best = _candidate(build(choices))
    tried: set[tuple[object, int]] = set()
    plans, fields = 1, best.fields
    while len(best.requests) > 1 and (change := next(_changes(choices, tried), None)) is not None:
        if plans >= PLANS_BUDGET or fields >= FIELDS_BUDGET:
            return best, Effort(plans, is_cut=True)
        tried.add(change)
        attempt = RecordedChoices(fixed | {change[0]: change[1]})
        plans += 1
        try:
            candidate = _candidate(build(attempt))
        except OperationError:
            continue  # what is too large to build is no better than what stands
        fields += candidate.fields
        if candidate.cost < best.cost:
            best, choices = candidate, attempt
            fixed[change[0]] = change[1]
    return best, Effort(plans)


def _changes(choices: RecordedChoices, tried: set[tuple[object, int]]) -> Iterator[tuple[object, int]]:
    """Single changes to the choices made that were not tried yet."""
    for decision, (made, count) in choices.made.items():
        for index in range(count):
            if index != made and (decision, index) not in tried:
                yield decision, index


def _candidate(fetches: FetchGraph) -> Candidate:
    fields = sum(fetch.selected.count() for fetch in fetches)
    return Candidate(join_fetches(fetches), fetches.unreached, fields)
