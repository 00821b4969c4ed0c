"""Which subgraphs an object can be taken to by keys, and whether a selection can be collected on the way.

Reaching and collecting depend on each other: a key must be collected before it is used, and collecting may use keys.
What is asked again while it is being answered counts as not (yet) possible, so that nothing rests on itself.
"""

from collections.abc import Iterable, Sequence

from gateway.composition.model.field_set import FragmentSelection, Selection
from gateway.composition.model.schema import Field
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.graph import QueryGraph, Vertex, field_set

_JUMPING_ROOT = "Query"
_FIXED_ROOTS = frozenset(("Mutation", "Subscription"))


class Reachability:
    """Answers for one query graph; answers are kept where they do not depend on an unfinished one."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self._reached: dict[tuple[str, Vertex], list[Vertex]] = {}
        self._pending: dict[tuple[str, Vertex], list[Vertex]] = {}
        self._required: dict[tuple[Vertex, str], bool] = {}
        self._requiring: set[tuple[Vertex, str]] = set()
        self._depends_on_pending = False

    def reach(self, name: str, start: Vertex) -> list[Vertex]:
        """Every vertex that an object of type `name` at `start` can be taken to; `start` is the first."""
        key = (name, start)
        if key in self._reached:
            return self._reached[key]
        if key in self._pending:
            self._depends_on_pending = True
            return self._pending[key]
        known = self._pending[key] = [start]
        self._grow(name, known)
        del self._pending[key]
        if not self._pending and not self._requiring:
            self._depends_on_pending = False
        if not self._depends_on_pending:
            self._reached[key] = known
        return known

    def reach_all(self, name: str, starts: Iterable[Vertex]) -> list[Vertex]:
        return list(dict.fromkeys(vertex for start in starts for vertex in self.reach(name, start)))

    def _grow(self, name: str, known: list[Vertex]) -> None:
        if name in _FIXED_ROOTS:
            return
        missing = [each for each in self._graph.candidates(name) if each not in known]
        grown = True
        while grown and missing:
            grown = False
            for target in list(missing):
                if name == _JUMPING_ROOT or self.can_enter(name, known, target):
                    known.append(target)
                    missing.remove(target)
                    grown = True

    def can_enter(self, name: str, known: Sequence[Vertex], target: Vertex) -> bool:
        typed = any(self._graph.knows_type(each) for each in known)
        keys = self._graph.entry_keys(target, name, typed=typed)
        return any(self.collects(name, known, key) for key in keys)

    def resolves(self, name: str, vertex: Vertex, field_name: str, *, condition: bool = False) -> bool:
        """Whether the subgraph of a vertex can answer a field there.

        A field under a progressive override does not count for a condition, as which subgraph has it is only known
        for each operation.
        """
        field = self._graph.field(vertex, field_name)
        if (
            field is None
            or self._graph.is_overridden(vertex, field)
            or self._graph.is_external(vertex, field)
        ):
            return False
        if condition and self._graph.is_labelled(vertex, field):
            return False
        return not field.has("requires") or self._requirements_met(name, vertex, field)

    def _requirements_met(self, name: str, vertex: Vertex, field: Field) -> bool:
        key = (vertex, f"{name}.{field.name}")
        if key in self._required:
            return self._required[key]
        if key in self._requiring:
            self._depends_on_pending = True
            return False
        self._requiring.add(key)
        selections = field_set(field.applied("requires")[0].arguments.get("fields"))
        met = self.collects(name, self.reach(name, vertex), selections)
        self._requiring.discard(key)
        if met or not self._depends_on_pending:
            self._required[key] = met
        return met

    def collects(self, name: str, known: Sequence[Vertex], selections: tuple[Selection, ...]) -> bool:
        """Whether all of a field set can be had for an object that is at any of the known vertices."""
        return all(self._collects_one(name, known, selection) for selection in selections)

    def _collects_one(self, name: str, known: Sequence[Vertex], selection: Selection) -> bool:
        if isinstance(selection, FragmentSelection):
            applies = selection.type_condition is None or self._graph.is_a(name, selection.type_condition)
            return not applies or self.collects(name, known, selection.selections)
        if selection.name == "__typename":
            return any(self._graph.knows_type(each) for each in known)
        options = [each for each in known if self.resolves(name, each, selection.name, condition=True)]
        if not options or not selection.selections:
            return bool(options)
        return all(
            self.collects(possible, self.reach_all(possible, vertices), selection.selections)
            for possible, vertices in self.step(name, options, selection.name)
        )

    def step(self, name: str, options: Sequence[Vertex], field_name: str) -> list[tuple[str, list[Vertex]]]:
        """Follow a composite field from all vertices that resolve it: by run-time type, where its value then is."""
        supergraph = self._graph.supergraph
        merged = supergraph.types[name].fields.get(field_name)
        fields = [(each, self._graph.field(each, field_name)) for each in options]
        values = list(
            dict.fromkeys(self._graph.follow(each, field) for each, field in fields if field is not None)
        )
        possible = supergraph.possible_types(named_type(merged.type)) if merged is not None else []
        found = []
        for each in possible:
            vertices = [
                self._graph.narrow(value, each)
                for value in values
                if each in self._graph.possible_types(value)
            ]
            if vertices:
                found.append((each, vertices))
        return found
