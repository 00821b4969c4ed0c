"""The walk: every field of the API, from every combination of subgraphs in which its object may be found.

A state is an object type with the vertices that an object of it may be at, and the labels of progressive overrides
that the path has decided: a label is decided, both ways, by the first field under it. A state with all the vertices
of one already seen, and the same decisions or more, is as satisfiable, and is not walked again.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from gateway.composition.model.schema import Field
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.graph import Labels, QueryGraph, Vertex
from gateway.composition.satisfiability.problems import (
    CalledTwice,
    MismatchedTypes,
    Problem,
    State,
    Unsatisfiable,
)
from gateway.composition.satisfiability.reachability import Reachability

_COMPARISONS_OF_A_STATE = 100

Seen: TypeAlias = dict[str, list[tuple[frozenset[Vertex], Labels]]]


class TooManyPathsError(Exception):
    """The walk met more states than it may keep."""


class Walk:
    """One walk over a query graph. `limit` bounds the number of states, and the time to compare them."""

    def __init__(self, graph: QueryGraph, limit: int) -> None:
        self.graph = graph
        self.reachability = Reachability(graph)
        self._limit = limit
        self._seen: Seen = {}
        self._states = 0
        self._comparisons = 0
        self._mutations: list[tuple[State, Field, list[State]]] = []

    def run(self) -> Iterator[Problem]:
        """Every problem found, in the order of the shortest queries that show them.

        Raises:
            TooManyPathsError: the limit is reached.
        """
        satisfiable = True
        for problem in self._walk(self._roots()):
            satisfiable = satisfiable and not isinstance(problem, Unsatisfiable)
            yield problem
        proven = self._seen if satisfiable else {}
        for state, field, following in self._mutations:
            yield from self._called_once(state, field, following, proven)

    def _roots(self) -> list[State]:
        names = self.graph.supergraph.roots.values()
        return [State(name, tuple(self.graph.candidates(name))) for name in names]

    def _walk(self, states: Iterable[State]) -> Iterator[Problem]:
        pending = deque(states)
        while pending:
            state = pending.popleft()
            if not self._is_new(state):
                continue
            reached = tuple(self.reachability.reach_all(state.type, state.vertices))
            if not any(self.graph.knows_type(each) for each in reached):
                yield Unsatisfiable(state, None, reached)
                continue
            for field in self._visible_fields(state):
                for labels in self.graph.decisions(field, state.labels):
                    problem, following = self._advance(state, field, reached, labels)
                    pending.extend(following)
                    if problem is not None:
                        yield problem

    def _is_new(self, state: State) -> bool:
        vertices, labels = frozenset(state.vertices), state.labels
        seen = self._seen.setdefault(state.type, [])
        if any(known <= vertices and decided <= labels for known, decided in seen):
            return False
        self._states += 1
        self._comparisons += len(seen)
        if self._states + self._comparisons // _COMPARISONS_OF_A_STATE > self._limit:
            raise TooManyPathsError
        seen.append((vertices, labels))
        return True

    def _visible_fields(self, state: State) -> Iterator[Field]:
        owner = self.graph.supergraph.types[state.type]
        return (each for each in owner.fields.values() if not each.has("inaccessible"))

    def _advance(
        self, state: State, field: Field, reached: tuple[Vertex, ...], labels: Labels
    ) -> tuple[Problem | None, list[State]]:
        resolves = self.reachability.resolves
        options = [each for each in reached if resolves(state.type, each, field.name, state.vertices, labels)]
        if not options:
            return Unsatisfiable(state, field, reached, labels), []
        name = named_type(field.type)
        if not self.graph.supergraph.is_composite(name):
            return None, []
        mismatch = self._mismatch(state, field, options)
        if mismatch is not None and not mismatch.partial:
            return mismatch, []
        following = self._following(state, field, options, labels)
        if self._is_mutation(state) and len({each.subgraph for each in options}) > 1:
            self._mutations.append((state, field, following))
            return mismatch, []
        return mismatch, following

    def _following(self, state: State, field: Field, options: list[Vertex], labels: Labels) -> list[State]:
        steps = self.reachability.step(state.type, options, field.name)
        return [
            State(name, tuple(vertices), state, field.name, labels)
            for name, vertices in steps
            if not self.graph.supergraph.types[name].has("inaccessible")
        ]

    def _is_mutation(self, state: State) -> bool:
        return state.before is None and state.type == self.graph.supergraph.roots.get("mutation")

    def _called_once(
        self, state: State, field: Field, following: list[State], proven: Seen
    ) -> Iterator[Problem]:
        """Walk on from a mutation's shared field in each subgraph by itself: one of them must lead everywhere."""
        problems = []
        for subgraph in sorted({vertex.subgraph for each in following for vertex in each.vertices}):
            self._seen = {name: list(seen) for name, seen in proven.items()}
            found = list(self._walk(_within(following, subgraph)))
            yield from (each for each in found if isinstance(each, MismatchedTypes))
            unsatisfiable = [each for each in found if isinstance(each, Unsatisfiable)]
            if not unsatisfiable:
                return
            problems += [(subgraph, each) for each in unsatisfiable]
        if problems:
            yield CalledTwice(state, field, tuple(problems))

    def _mismatch(self, state: State, field: Field, options: list[Vertex]) -> MismatchedTypes | None:
        types = set(self.runtime_types(options, field).values())
        if len(types) < 2:
            return None
        partial = bool(frozenset.intersection(*types))
        return MismatchedTypes(state, field, tuple(options), partial)

    def runtime_types(self, options: list[Vertex], field: Field) -> dict[Vertex, frozenset[str]]:
        """The run-time types of a field at each of the vertices that resolve it."""
        found = {}
        for each in options:
            declared = self.graph.field(each, field.name)
            if declared is not None:
                found[each] = self.graph.possible_types(self.graph.follow(each, declared))
        return found


def _within(states: Iterable[State], subgraph: int) -> Iterator[State]:
    """The states, as far as they are in one subgraph."""
    for state in states:
        vertices = tuple(each for each in state.vertices if each.subgraph == subgraph)
        if vertices:
            yield replace(state, vertices=vertices)
