"""Object types that are alike for a field: what is planned for one of them holds for the others, but for the names.

An interface may have many implementations. Each of its fields would else be looked at anew for every one of them, and
what an operation costs to plan would grow with their product.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import count
from typing import TypeAlias

from gateway.planning.entity_moves import Move
from gateway.planning.places import Place, Places

Views: TypeAlias = Mapping[str, frozenset[str]]
"""Types as a subgraph declares them, each with the object types that it stands for."""


class Likeness:
    """Finds types that are alike. What is found holds for every operation, and is shared between threads."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._graph = places.graph
        self._known: dict[tuple[str, str, frozenset[str], str], tuple[Views, ...]] = {}
        self._known_ways: dict[tuple[str | None, str, str], tuple[str, ...] | None] = {}

    def groups(
        self, place: Place, views: Views, name: str, moves: Callable[[Place, str], Sequence[Move]]
    ) -> tuple[Views, ...]:
        """`views` of `place` in groups that are alike for the field `name`, in the order of their first ones."""
        if place.subgraph is None or place.again or place.provided:
            return tuple({view: types} for view, types in views.items())
        key = (place.subgraph, place.type_name, frozenset(views), name)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(place, views, name, moves)
        return found

    def _find(
        self, place: Place, views: Views, name: str, moves: Callable[[Place, str], Sequence[Move]]
    ) -> tuple[Views, ...]:
        own = count()
        groups: dict[Hashable, dict[str, frozenset[str]]] = {}
        for view, types in views.items():
            fields = tuple(self._graph.field(subgraph, view, name) for subgraph in self._graph.subgraphs)
            needs_input = any(field and (field.requires or field.context_arguments) for field in fields)
            ways = self._ways(place, view, types, moves)
            kind = next(own) if ways is None or needs_input else (fields, ways)
            groups.setdefault(kind, {})[view] = types
        return tuple(groups.values())

    def _ways(
        self, place: Place, view: str, types: frozenset[str], moves: Callable[[Place, str], Sequence[Move]]
    ) -> tuple[str, ...] | None:
        """The subgraphs that objects known as `view` can be moved to; None where a move is not just that."""
        key = (place.subgraph, place.type_name, view)
        if key not in self._known_ways:
            found = moves(self._places.narrowed(place, types), view)
            is_plain = all(_is_plain(move, view) for move in found)
            self._known_ways[key] = tuple(move.subgraph for move in found) if is_plain else None
        return self._known_ways[key]


def _is_plain(move: Move, view: str) -> bool:
    """Whether all of its key is at hand, whichever it is, and it leads to the same type."""
    return move.depth == 1 and move.view == view and not move.real_types
