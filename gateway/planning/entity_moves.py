"""The moves from one subgraph to another for the same object: by an entity key, or anew from a root.

A key whose fields lie in several subgraphs, or behind other entities, can be gathered over intermediate
requests; the depth of a move counts them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gateway.planning.estimates import Reach
from gateway.planning.places import Place, Places
from gateway.planning.selection import Selection
from gateway.supergraph.query_graph import QueryGraph


class Move(NamedTuple):
    """A request for the same object to `subgraph`, which knows it as `view`.

    `key` is what must be read of the object before; `depth` and `requests` count the requests up to and with
    this one. `real_types` says that the subgraph tells the types that an interface object hides. For a root
    type there is no key.
    """

    subgraph: str
    view: str
    key: tuple[Selection, ...]
    depth: int
    requests: int
    real_types: bool = False

    def place(self, graph: QueryGraph, types: frozenset[str]) -> Place:
        """The place that the move leads to, for objects of `types`."""
        known = graph.possible_types_in(self.subgraph, self.view)
        return Place(self.subgraph, self.view, types & known or known)


class EntityMoves:
    """Finds all moves from a place, by shortest chain, to a fixed point.

    What is found holds for every operation: `known` is shared between them, and between threads.
    """

    def __init__(
        self,
        places: Places,
        estimate: Callable[[Place, Iterable[Selection]], Reach],
        known: dict[tuple[Place, str], tuple[Move, ...]],
    ) -> None:
        self._places = places
        self._graph = places.graph
        self._estimate = estimate
        self._known = known
        self._open: set[tuple[Place, str]] = set()

    @property
    def is_searching(self) -> bool:
        """Whether a search is under way: what is estimated then may miss moves that are not found yet."""
        return bool(self._open)

    def moves(self, place: Place, view: str) -> tuple[Move, ...]:
        """The moves for objects that the place's subgraph knows as `view`."""
        if self._graph.root_kind(view):
            return self._root_moves(place, view)
        place = place.at_hand
        key = (place, view)
        found = self._known.get(key)
        if found is None:
            if key in self._open:
                return ()
            self._open.add(key)
            found = self._find(place, view)
            self._open.discard(key)
            if not self._open:
                self._known[key] = found
        return found

    def _root_moves(self, place: Place, view: str) -> tuple[Move, ...]:
        return tuple(
            Move(subgraph, view, (), 1, 1)
            for subgraph in self._graph.subgraphs
            if (place.again or subgraph != place.subgraph) and self._graph.declares(subgraph, view)
        )

    def _find(self, place: Place, view: str) -> tuple[Move, ...]:
        found: dict[tuple[str, str], Move] = {}
        targets = list(self._targets(view))
        changed = True
        while changed:
            changed = False
            for subgraph, target, real_types in targets:
                move = self._best_move(place, view, (subgraph, target), found, real_types=real_types)
                known = found.get((subgraph, target))
                if move and (known is None or move.depth < known.depth):
                    found[subgraph, target] = move
                    changed = True
        return tuple(sorted(found.values(), key=lambda move: (move.depth, move.requests)))

    def _targets(self, view: str) -> Iterator[tuple[str, str, bool]]:
        hides_types = self._graph.is_abstract(view)
        for subgraph in self._graph.subgraphs:
            if self._graph.declares(subgraph, view):
                yield subgraph, view, hides_types and not self._graph.is_interface_object(subgraph, view)
            for interface in self._graph.interfaces(view):
                if self._graph.is_interface_object(subgraph, interface):
                    yield subgraph, interface, False

    def _best_move(
        self,
        place: Place,
        view: str,
        target: tuple[str, str],
        found: dict[tuple[str, str], Move],
        *,
        real_types: bool,
    ) -> Move | None:
        best: Move | None = None
        for key in self._graph.keys(*target):
            selections = self._places.field_sets.read(key.fields, target[1])
            cost = self._gather(place, view, selections, found)
            if cost is None:
                continue
            move = Move(*target, selections, cost[0] + 1, cost[1] + 1, real_types)
            if best is None or _rank(move) < _rank(best):
                best = move
        return best

    def _gather(
        self, place: Place, view: str, key: tuple[Selection, ...], found: dict[tuple[str, str], Move]
    ) -> tuple[int, int] | None:
        """The depth and number of the requests that read all of `key`, None where it can't be read."""
        depth = requests = 0
        for selection in key:
            cheapest: tuple[int, int] | None = None
            for way in self._ways(place, view, selection, found):
                cheapest = way if cheapest is None else min(cheapest, way)
            if cheapest is None:
                return None
            depth, requests = max(depth, cheapest[0]), max(requests, cheapest[1])
        return depth, requests

    def _ways(
        self, place: Place, view: str, selection: Selection, found: dict[tuple[str, str], Move]
    ) -> Iterator[tuple[int, int]]:
        starts = [(place, view, 0, 0)] if place.subgraph else []
        starts += [
            (move.place(self._graph, place.types), move.view, move.depth, move.requests)
            for move in found.values()
            if not move.real_types
        ]
        for start, start_view, depth, requests in starts:
            field = self._places.field(start, start_view, selection.name)
            if selection.name == "__typename":
                yield depth, requests
            elif field is not None:
                if not selection.selections:
                    yield depth, requests
                    continue
                inside = self._places.inside(start, start_view, field, selection.name)
                below = self._estimate(inside, selection.selections)
                if selection.leaves & ~below.leaves == 0:
                    yield depth + below.depth, requests + below.requests


def _rank(move: Move) -> tuple[int, int, int]:
    return move.depth, move.requests, len(move.key)
