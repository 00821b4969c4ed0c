"""Which subgraphs an object can be taken to by keys, and whether a selection can be collected on the way.

Reaching and collecting depend on each other: a key must be collected before it is used, and collecting may use keys.
What is asked again while it is being answered counts as not (yet) possible, so that nothing rests on itself.
"""

from collections.abc import Iterable, Sequence

from gateway.composition.model.field_set import FragmentSelection, Selection, read_field_set
from gateway.composition.model.schema import Field
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.contexts import ContextId
from gateway.composition.satisfiability.graph import Labels, QueryGraph, SetContext, Vertex

_JUMPING_ROOT = "Query"
_FIXED_ROOTS = frozenset(("Mutation", "Subscription"))
_NO_CONTEXTS: frozenset[SetContext] = frozenset()


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
        """Every vertex that an object of type `name` at `start` can be taken to; `start` is the first.

        Contexts are carried along: what leads from subgraph to subgraph is collected without them.
        """
        if not start.contexts:
            return self._reach(name, start)
        found = self._reach(name, start._replace(contexts=_NO_CONTEXTS))
        return [each._replace(contexts=start.contexts) for each in found]

    def _reach(self, name: str, start: Vertex) -> list[Vertex]:
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
        return any(self.collects(name, known, key, ()) for key in keys)

    def resolves(
        self, name: str, vertex: Vertex, field_name: str, starts: Sequence[Vertex], labels: Labels | None
    ) -> bool:
        """Whether the subgraph of a vertex can answer a field of an object that the path has at `starts`.

        Without labels it is asked for a condition: there a field under a progressive override does not count, as
        which subgraph has it is only known for each operation.
        """
        graph = self._graph
        field = graph.field(vertex, field_name)
        if field is None or graph.is_external(vertex, field):
            return False
        if labels is None and graph.is_labelled(vertex, field):
            return False
        if graph.is_overridden(vertex, field, labels or frozenset()):
            return False
        if field.has("requires") and not self.is_resumable(name, vertex, starts):
            return False
        return self._conditions_met(name, vertex, field)

    def is_resumable(self, name: str, vertex: Vertex, starts: Sequence[Vertex]) -> bool:
        """Whether the subgraph can be entered again, once what a field requires is collected: by a key."""
        if vertex not in starts or self._graph.has_local_key(vertex):
            return True
        return any(vertex in self.reach(name, each) for each in starts if each != vertex)

    def _conditions_met(self, name: str, vertex: Vertex, field: Field) -> bool:
        """Whether what the field requires, and what it takes from contexts, can be collected."""
        needs = self._graph.contexts.needed_by(vertex.subgraph, field)
        if not needs and not field.has("requires"):
            return True
        key = (vertex, f"{name}.{field.name}")
        if key in self._required:
            return self._required[key]
        if key in self._requiring:
            self._depends_on_pending = True
            return False
        self._requiring.add(key)
        met = self.requires_met(name, vertex, field) and self.missing_context(vertex, field) is None
        self._requiring.discard(key)
        if met or not self._depends_on_pending:
            self._required[key] = met
        return met

    def requires_met(self, name: str, vertex: Vertex, field: Field) -> bool:
        """Whether what the field requires can be collected."""
        start = vertex._replace(contexts=_NO_CONTEXTS)
        return all(
            self.collects(name, self.reach(name, start), read_field_set(each.arguments.get("fields")), ())
            for each in field.applied("requires")
        )

    def missing_context(self, vertex: Vertex, field: Field) -> ContextId | None:
        """The first context of which the field cannot have what it needs."""
        set_ = {each.context: each for each in vertex.contexts}
        for need in self._graph.contexts.needed_by(vertex.subgraph, field):
            found = set_.get(need.context)
            if (
                found is None
                or not self._graph.has_local_key(vertex)
                or not self.collects(found.type, self.reach(found.type, found.vertex), need.selections, ())
            ):
                return need.context
        return None

    def collects(
        self,
        name: str,
        known: Sequence[Vertex],
        selections: tuple[Selection, ...],
        starts: Sequence[Vertex],
    ) -> bool:
        """Whether all of a field set can be had for an object that is at any of the known vertices.

        `starts` are those at which a field left it; an object that a condition begins with has none.
        """
        return all(self._collects_one(name, known, selection, starts) for selection in selections)

    def _collects_one(
        self, name: str, known: Sequence[Vertex], selection: Selection, starts: Sequence[Vertex]
    ) -> bool:
        if isinstance(selection, FragmentSelection):
            applies = selection.type_condition is None or self._graph.is_a(name, selection.type_condition)
            return not applies or self.collects(name, known, selection.selections, starts)
        if selection.name == "__typename":
            return any(self._graph.knows_type(each) for each in known)
        options = [each for each in known if self.resolves(name, each, selection.name, starts, None)]
        if not options or not selection.selections:
            return bool(options)
        return all(
            self.collects(possible, self.reach_all(possible, vertices), selection.selections, vertices)
            for possible, vertices in self.step(name, options, selection.name)
        )

    def step(self, name: str, options: Sequence[Vertex], field_name: str) -> list[tuple[str, list[Vertex]]]:
        """Follow a composite field from all vertices that resolve it: by run-time type, where its value then is."""
        supergraph = self._graph.supergraph
        merged = supergraph.types[name].fields.get(field_name)
        fields = [(each, self._graph.field(each, field_name)) for each in options]
        values = list(
            dict.fromkeys(
                self._graph.follow(each, field, self._graph.contexts_from(name, each))
                for each, field in fields
                if field is not None
            )
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
