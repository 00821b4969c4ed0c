"""The walk: every field of the API, from every combination of subgraphs in which its object may be found.

A state is an object type with the vertices that an object of it may be at. A state with more vertices than one
already seen is as satisfiable, and is not walked again.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.model.schema import Field
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.graph import QueryGraph, Vertex
from gateway.composition.satisfiability.reachability import Reachability


@dataclass(frozen=True, slots=True)
class State:
    """An object type at some vertices, and the way there: the state before and the field taken from it."""

    type: str
    vertices: tuple[Vertex, ...]
    before: "State | None" = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """A field that no reachable subgraph resolves; without field, an object whose type none can tell."""

    state: State
    field: Field | None
    reached: tuple[Vertex, ...]


@dataclass(frozen=True, slots=True)
class MismatchedTypes:
    """A shared field whose subgraphs differ in its run-time types; `partial` where they have some in common."""

    state: State
    field: Field
    vertices: tuple[Vertex, ...]
    partial: bool


class TooManyPathsError(Exception):
    """The walk met more states than it may keep."""


class Walk:
    """One walk over a query graph. `limit` bounds the number of states."""

    def __init__(self, graph: QueryGraph, limit: int) -> None:
        self.graph = graph
        self.reachability = Reachability(graph)
        self._limit = limit
        self._seen: dict[str, list[frozenset[Vertex]]] = {}
        self._states = 0

    def run(self) -> Iterator[Unsatisfiable | MismatchedTypes]:
        """Every problem found, in the order of the shortest queries that show them.

        Raises:
            TooManyPathsError: the limit is reached.
        """
        pending = deque(self._roots())
        while pending:
            state = pending.popleft()
            if not self._is_new(state):
                continue
            reached = tuple(self.reachability.reach_all(state.type, state.vertices))
            if not any(self.graph.knows_type(each) for each in reached):
                yield Unsatisfiable(state, None, reached)
                continue
            for field in self._visible_fields(state):
                problem, following = self._advance(state, field, reached)
                pending.extend(following)
                if problem is not None:
                    yield problem

    def _roots(self) -> list[State]:
        names = self.graph.supergraph.roots.values()
        return [State(name, tuple(self.graph.candidates(name))) for name in names]

    def _is_new(self, state: State) -> bool:
        vertices = frozenset(state.vertices)
        seen = self._seen.setdefault(state.type, [])
        if any(each <= vertices for each in seen):
            return False
        seen.append(vertices)
        self._states += 1
        if self._states > self._limit:
            raise TooManyPathsError
        return True

    def _visible_fields(self, state: State) -> Iterator[Field]:
        owner = self.graph.supergraph.types[state.type]
        return (each for each in owner.fields.values() if not each.has("inaccessible"))

    def _advance(
        self, state: State, field: Field, reached: tuple[Vertex, ...]
    ) -> tuple[Unsatisfiable | MismatchedTypes | None, list[State]]:
        options = [each for each in reached if self.reachability.resolves(state.type, each, field.name)]
        if not options:
            return Unsatisfiable(state, field, reached), []
        name = named_type(field.type)
        if not self.graph.supergraph.is_composite(name):
            return None, []
        mismatch = self._mismatch(state, field, options)
        if mismatch is not None and not mismatch.partial:
            return mismatch, []
        steps = self.reachability.step(state.type, options, field.name)
        visible = ((name, vertices) for name, vertices in steps if not self._is_hidden(name))
        return mismatch, [State(name, tuple(vertices), state, field.name) for name, vertices in visible]

    def _is_hidden(self, name: str) -> bool:
        return self.graph.supergraph.types[name].has("inaccessible")

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
