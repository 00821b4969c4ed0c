"""Joins fetches into requests: as few as possible without a longer chain.

Fetches from one subgraph that wait for nothing of one another can share a request. For the same objects their
selections become one; for objects of several paths each keeps its own `_entities` field.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from gateway.planning.fetch_graph import FetchNode, SelectedField, SelectedObject
from gateway.planning.plan import Path, Representation
from gateway.planning.response_keys import joined_required
from gateway.planning.selection import Conditions


class Request:
    """One request to one subgraph, after `parents`; it has several fetches only of entities."""

    __slots__ = ("_by_path", "_conditions", "fetches", "parents")

    def __init__(self, fetch: FetchNode) -> None:
        self.fetches = [fetch]
        self._by_path = {fetch.path: [fetch]}
        self.parents: set[Request] = set()
        self._conditions: Conditions | None = None

    @property
    def subgraph(self) -> str:
        return self.fetches[0].subgraph

    @property
    def part(self) -> int | None:
        """The deferred part that it belongs to; requests of several are never joined."""
        return self.fetches[0].part

    @property
    def is_entity(self) -> bool:
        return self.fetches[0].is_entity

    @property
    def paths(self) -> AbstractSet[Path]:
        return self._by_path.keys()

    @property
    def order(self) -> int:
        return self.fetches[0].id

    def conditions(self) -> Conditions:
        """The conditions that all of the request is under."""
        if self._conditions is None:
            self._conditions = self._common_conditions()
        return self._conditions

    def absorb(self, other: "Request") -> None:
        """Takes over all that `other` asks and waits for."""
        if self.conditions() != other.conditions():
            self._conditions = None
        self.parents |= other.parents
        for fetch in other.fetches:
            own_fetches = self._by_path.setdefault(fetch.path, [])
            same = next((own for own in own_fetches if _represented_alike(own, fetch)), None)
            if same is None:
                self.fetches.append(fetch)
                own_fetches.append(fetch)
            else:
                _join_fetch(same, fetch)

    def _common_conditions(self) -> Conditions:
        common: set[tuple[str, bool]] | None = None
        for fetch in self.fetches:
            if fetch.selected.typename:
                return ()
            for field in fetch.selected.fields.values():
                own = set(field.selection.conditions)
                common = own if common is None else common & own
        return tuple(sorted(common or ()))


def join_fetches(fetches: Iterable[FetchNode]) -> list[Request]:
    """The requests for `fetches`; the longest chain to each part is that of the fetches."""
    by_fetch = {fetch: Request(fetch) for fetch in fetches}
    for fetch, request in by_fetch.items():
        request.parents = {by_fetch[parent] for parent in fetch.parents}
    requests = list(by_fetch.values())
    _join_levels(requests)
    longest = depths(requests)
    while (pair := _joinable(requests, longest)) is not None:
        _join(requests, *pair)
    return requests


def _join_levels(requests: list[Request]) -> None:
    """Joins what is on one level: it waits for nothing of one another, and joining it lengthens no chain."""
    rows: dict[tuple[int, str, int | None], list[Request]] = {}
    replaced: dict[Request, Request] = {}
    for request, level in levels(requests).items():
        if not request.is_entity:
            continue
        row = rows.setdefault((level, request.subgraph, request.part), [])
        into = next((known for known in row if _alike(known, request)), None)
        if into is None:
            row.append(request)
        else:
            replaced[request] = into
            into.absorb(request)
    requests[:] = [request for request in requests if request not in replaced]
    for request in requests:
        request.parents = {replaced.get(parent, parent) for parent in request.parents}


def depths(requests: Sequence[Request]) -> dict[int | None, int]:
    """The longest chain that ends in each deferred part, and that of all else under None."""
    found: dict[int | None, int] = {}
    for request, level in levels(requests).items():
        found[request.part] = max(level, found.get(request.part, 0))
    return found


def levels(requests: Sequence[Request]) -> dict[Request, int]:
    """For each request the length of the longest chain that ends with it."""
    known: dict[Request, int] = {}
    for request in requests:
        _level(request, known)
    return known


def _level(request: Request, known: dict[Request, int]) -> int:
    level = known.get(request)
    if level is None:
        level = known[request] = 1 + max((_level(parent, known) for parent in request.parents), default=0)
    return level


def ancestors(level: Mapping[Request, int]) -> dict[Request, set[Request]]:
    """For each request, of which `level` is given, those that it waits for in the end."""
    found: dict[Request, set[Request]] = {}
    for request in sorted(level, key=level.__getitem__):
        found[request] = request.parents.union(*(found[parent] for parent in request.parents))
    return found


def _joinable(
    requests: Sequence[Request], longest: Mapping[int | None, int]
) -> tuple[Request, Request] | None:
    by_subgraph: dict[tuple[str, int | None], list[Request]] = {}
    for request in requests:
        if request.is_entity:
            by_subgraph.setdefault((request.subgraph, request.part), []).append(request)
    level = levels(requests)
    before = ancestors(level)
    pairs = [pair for entities in by_subgraph.values() for pair in combinations(entities, 2) if _alike(*pair)]
    pairs.sort(key=lambda pair: (abs(level[pair[0]] - level[pair[1]]), not _same_objects(*pair)))
    for first, second in pairs:
        if second in before[first] or first in before[second]:
            continue
        if _stays_within(longest, requests, first, second):
            return first, second
    return None


def _same_objects(first: Request, second: Request) -> bool:
    return first.paths == second.paths


def _alike(first: Request, second: Request) -> bool:
    """Whether no condition would make the joined request ask for what is skipped."""
    if _same_objects(first, second):
        return all(
            _represented_alike(own, other)
            for own in first.fetches
            for other in second.fetches
            if own.path == other.path
        )
    return first.conditions() == second.conditions()


def _represented_alike(first: FetchNode, second: FetchNode) -> bool:
    """Whether each object that has a representation for one of two fetches has it for both."""
    if first.needs == second.needs:
        return True
    needed = [
        {(key, item) for key, found in fetch.representations.items() for item in found.selections}
        for fetch in (first, second)
    ]
    if needed[0] == needed[1]:
        return True
    if set(first.needs) <= set(second.needs):
        return needed[1] <= needed[0]
    return set(second.needs) <= set(first.needs) and needed[0] <= needed[1]


def _stays_within(
    longest: Mapping[int | None, int], requests: Sequence[Request], first: Request, second: Request
) -> bool:
    """Whether no chain becomes longer when `second` is joined to `first`."""
    known: dict[Request, int] = {}
    pair = (first, second)
    return all(_level_joined(request, pair, known) <= longest[request.part] for request in requests)


def _level_joined(request: Request, pair: tuple[Request, Request], known: dict[Request, int]) -> int:
    """The level of a request if the `pair` were one."""
    first, second = pair
    if request is second:
        request = first
    level = known.get(request)
    if level is None:
        parents = first.parents | second.parents if request is first else request.parents
        level = 1 + max((_level_joined(parent, pair, known) for parent in parents), default=0)
        known[request] = level
    return level


def _join(requests: list[Request], first: Request, second: Request) -> None:
    requests.remove(second)
    for request in requests:
        if second in request.parents:
            request.parents = (request.parents - {second}) | {first}
    first.absorb(second)


def _join_fetch(into: FetchNode, other: FetchNode) -> None:
    _join_selected(into.selected, other.selected)
    into.tells_types |= other.tells_types
    into.take(other.context)
    into.needs = tuple(condition for condition in into.needs if condition in other.needs)
    for key, representation in other.representations.items():
        own = into.representations.get(key)
        into.representations[key] = _joined(own, representation) if own else representation


def _joined(first: Representation, second: Representation) -> Representation:
    return Representation(
        type_condition=first.type_condition,
        possible_types=tuple(sorted({*first.possible_types, *second.possible_types})),
        selections=joined_required((*first.selections, *second.selections)),
        typename=first.typename,
        non_null=tuple(dict.fromkeys((*first.non_null, *second.non_null))),
    )


def _join_selected(into: SelectedObject, other: SelectedObject) -> None:
    into.typename |= other.typename
    for key, field in other.fields.items():
        own: SelectedField = into.fields.setdefault(key, field)
        if own is not field and own.below and field.below:
            _join_selected(own.below, field.below)
