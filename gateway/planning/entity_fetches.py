"""Makes the fetches that moves lead to, one for all moves that can share it, and their representations."""

from collections.abc import Iterable

from gateway.planning.entity_moves import Move
from gateway.planning.fetch_graph import FetchGraph, FetchNode, SelectedObject
from gateway.planning.plan import Path, Representation
from gateway.planning.response_keys import ResponseKeys, joined_required, required_selections
from gateway.planning.selection import Conditions, Selection
from gateway.supergraph.query_graph import QueryGraph


class EntityFetches:
    """The fetches of one fetch graph by where they start and what they wait for; new ones are of `part`."""

    def __init__(self, graph: QueryGraph, fetches: FetchGraph) -> None:
        self._graph = graph
        self._fetches = fetches
        self._known: dict[tuple[object, ...], FetchNode] = {}
        self.part: int | None = None

    def fetch(self, move: Move, path: Path, before: set[FetchNode], conditions: Conditions) -> FetchNode:
        """The fetch of `move` for the objects at `path`, after the fetches `before`."""
        kind = self._graph.root_kind(move.view)
        waits_for = frozenset(fetch.id for fetch in before)
        key = (move.subgraph, path, waits_for, conditions, kind, move.real_types, self.part)
        fetch = self._known.get(key)
        if fetch is None:
            selected = SelectedObject(move.view if kind else "_Entity")
            fetch = self._fetches.add(move.subgraph, kind or "query", path, selected, is_entity=kind is None)
            fetch.wait_for(set(before))
            fetch.needs = conditions
            fetch.part = self.part
            self._known[key] = fetch
        return fetch

    def represent(
        self,
        fetch: FetchNode,
        move: Move,
        *,
        keys: ResponseKeys,
        needed: Iterable[Selection],
        view: str,
        types: frozenset[str],
    ) -> None:
        """Says how objects of `types`, seen as `view` before, are represented to `fetch`."""
        renamed = move.view if self._graph.is_abstract(move.view) else None
        known = fetch.representations.get((view, renamed))
        selections = required_selections(self._graph, keys, needed, types)
        non_null = [found.name for found in needed if self._is_non_null(move, found.name)]
        if known is not None:
            selections = joined_required((*known.selections, *selections))
            non_null = [*known.non_null, *non_null]
        possible = types if view in types else {*types, view}
        fetch.representations[view, renamed] = Representation(
            type_condition=view,
            possible_types=tuple(sorted(possible)),
            selections=selections,
            typename=renamed,
            non_null=tuple(dict.fromkeys(non_null)),
        )

    def _is_non_null(self, move: Move, name: str) -> bool:
        field = self._graph.field(move.subgraph, move.view, name)
        return field is not None and field.type.non_null
