"""What can be reached from a place, by which moves, and at what least cost.

The costs are estimates for choosing: the depth is exact for a selection alone, requests that several
selections will share are counted for each, and what is read of contexts is taken to be at hand.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple
from weakref import proxy

from gateway.planning.entity_moves import EntityMoves, Move
from gateway.planning.estimates import NOTHING, Reach
from gateway.planning.likeness import Likeness, Views
from gateway.planning.places import Place, Places
from gateway.planning.selection import Selection
from gateway.supergraph.query_graph import GraphField


class Option(NamedTuple):
    """One way to answer a selection: at the place itself, or after a move.

    Without `field` the move leads to a subgraph that knows the real types, where the selection is looked at anew.
    """

    move: Move | None
    field: GraphField | None
    requires: tuple[Selection, ...]
    reach: Reach


def _estimate_of(reachability: "Reachability") -> Callable[[Place, Iterable[Selection]], Reach]:
    """What its own searches ask it, without a cycle: what it knows is much, and goes as soon as the plan is there."""
    known = proxy(reachability)

    def estimate(place: Place, selections: Iterable[Selection]) -> Reach:
        reach: Reach = known.selections(place, selections)
        return reach

    return estimate


class Reachability:
    """Computes what it is asked, once. One object for the planning of one operation."""

    def __init__(
        self, places: Places, known_moves: dict[tuple[Place, str], tuple[Move, ...]], likeness: Likeness
    ) -> None:
        self._places = places
        self._likeness = likeness
        self._graph = places.graph
        self._moves = EntityMoves(places, _estimate_of(self), known_moves)
        self._known: dict[tuple[Place, Selection], Reach] = {}
        self._options: dict[tuple[Place, str, Selection], tuple[Option, ...]] = {}
        self._without_moves: dict[tuple[Place, str, Selection], int] = {}
        self._views: dict[frozenset[str], dict[str, frozenset[str]]] = {}
        self._open: set[tuple[Place, Selection]] = set()
        self._cut: set[tuple[Place, Selection]] = set()

    def selections(self, place: Place, selections: Iterable[Selection]) -> Reach:
        total = NOTHING
        for selection in selections:
            total = total.beside(self.selection(place, selection))
        return total

    def selection(self, place: Place, selection: Selection) -> Reach:
        """What is reached of `selection`; where no object can be of its types, all of it, for nothing."""
        types = selection.types & place.types
        if not types:
            return Reach(selection.leaves, 0, 0)
        if self.is_answered(place, selection):
            return Reach(selection.leaves, 0, 0)
        key = (place, selection)
        if (known := self._known.get(key)) is not None:
            return known
        if key in self._open:
            self._cut.add(key)
            return NOTHING
        self._open.add(key)
        reach = self._over_types(place, selection)
        self._open.discard(key)
        self._cut.discard(key)
        if not self._cut and not self._moves.is_searching:
            self._known[key] = reach
        return reach

    def is_answered(self, place: Place, selection: Selection) -> bool:
        """Whether the place answers a leaf for all of its types, so that there is nothing to choose."""
        types = selection.types & place.types
        return not selection.selections and self._places.answers_all(place, types, selection.name)

    def is_at_hand(self, place: Place, all_types: frozenset[str], selection: Selection) -> bool:
        """Whether `selection` is a leaf that a key has, and that the place answers for whichever of `all_types` it is of."""
        types = selection.types & all_types
        return (
            bool(types)
            and types <= place.types
            and not selection.deferred
            and self.is_answered(place, selection)
            and all(selection.name in self._places.key_fields(type_name) for type_name in types)
        )

    def views(self, place: Place, types: frozenset[str]) -> dict[str, frozenset[str]]:
        """The declarations by which the subgraph resolves fields of objects of `types`; not to be changed."""
        if self._places.is_interface_object(place):
            return {place.type_name: types}
        found = self._views.get(types)
        if found is None:
            found = self._views[types] = {name: frozenset((name,)) for name in sorted(types)}
        return found

    def alike(self, place: Place, selection: Selection) -> tuple[Views, ...]:
        """The views of the place's objects in groups: what can be done for the first of one can be for all of it."""
        views = self.views(place, selection.types & place.types)
        if len(views) == 1:
            return (views,)
        if self._moves.is_searching:
            return tuple({view: types} for view, types in views.items())
        return self._likeness.groups(place, views, selection.name, self._moves.moves)

    def alike_option(self, place: Place, view: str, option: Option, selection: Selection) -> Option:
        """What `option`, that of another view, is for `view`, which is alike."""
        assert option.move is not None
        subgraph = option.move.subgraph
        move = next(found for found in self._moves.moves(place, view) if found.subgraph == subgraph)
        return option._replace(move=move, field=self._graph.field(subgraph, view, selection.name))

    def options(self, place: Place, view: str, selection: Selection) -> tuple[Option, ...]:
        """The ways to answer `selection` for objects that the place's subgraph sees as `view`, best first."""
        key = (place, view, selection)
        found = self._options.get(key)
        if found is None:
            found = self._find_options(place, view, selection)
            if not self._open and not self._cut and not self._moves.is_searching:
                self._options[key] = found
        return found

    def without_moves(self, place: Place, option: Option, selection: Selection) -> int:
        """The leaves of `selection` that are answered by `option` and nothing after it."""
        if option.field is None:
            return selection.leaves if option.move is None else 0
        if option.move is not None:
            place = option.move.place(self._graph, place.types)
        view = option.move.view if option.move else min(place.types & selection.types)
        return self._direct(place, view, option.field, selection)

    def _direct(self, place: Place, view: str, field: GraphField, selection: Selection) -> int:
        if not selection.selections:
            return selection.leaves
        key = (place, view, selection)
        leaves = self._without_moves.get(key)
        if leaves is None:
            leaves = self._without_moves[key] = self._direct_below(place, view, field, selection)
        return leaves

    def _direct_below(self, place: Place, view: str, field: GraphField, selection: Selection) -> int:
        inside = self._places.inside(place, view, field, selection.name)
        leaves = 0
        for child in selection.selections:
            found = child.leaves
            for child_view, types in self.views(inside, child.types & inside.types).items():
                option = self._here(self._places.narrowed(inside, types), child_view, child)
                if option is None:
                    found = 0
                elif option.field is not None:
                    found &= self._direct(inside, child_view, option.field, child)
            leaves |= found
        return leaves

    def _over_types(self, place: Place, selection: Selection) -> Reach:
        total = Reach(selection.leaves, 0, 0)
        for views in self.alike(place, selection):
            view, view_types = next(iter(views.items()))
            best = NOTHING
            for option in self.options(self._places.narrowed(place, view_types), view, selection):
                if option.reach.leaves & ~best.leaves:
                    best = best.beside(option.reach)
            total = Reach(
                total.leaves & best.leaves, max(total.depth, best.depth), max(total.requests, best.requests)
            )
        return total

    def _find_options(self, place: Place, view: str, selection: Selection) -> tuple[Option, ...]:
        here = self._here(place, view, selection)
        if here and here.reach.leaves == selection.leaves and not here.reach.depth:
            return (here,)
        options = [here] if here and here.reach.leaves else []
        for move in self._moves.moves(place, view):
            option = (
                self._enter(place, move, selection)
                if move.real_types
                else self._after(place, move, selection)
            )
            if option is not None and option.reach.leaves:
                options.append(option)
        options.sort(key=lambda option: (option.reach.leaves != selection.leaves, option.reach[1:]))
        return tuple(options)

    def _here(self, place: Place, view: str, selection: Selection) -> Option | None:
        if place.subgraph is None or place.again:
            return None
        if self._places.is_interface_object(place) and self._hides_types(place, selection):
            return None
        if selection.name == "__typename":
            return Option(None, None, (), Reach(selection.leaves, 0, 0))
        field = self._places.field(place, view, selection.name)
        if field is None:
            return None
        return Option(None, field, (), self._below(place, view, field, selection))

    def _hides_types(self, place: Place, selection: Selection) -> bool:
        """Whether an interface object would have to know its real type to answer."""
        known = self._graph.possible_types(place.type_name)
        if place.types != known:
            return not place.types <= selection.types
        return selection.name == "__typename" or not known <= selection.types

    def _below(self, place: Place, view: str, field: GraphField, selection: Selection) -> Reach:
        if not selection.selections:
            return Reach(selection.leaves, 0, 0)
        return self.selections(self._places.inside(place, view, field, selection.name), selection.selections)

    def _enter(self, place: Place, move: Move, selection: Selection) -> Option | None:
        reach = self.selection(move.place(self._graph, place.types), selection)
        return Option(move, None, (), Reach(reach.leaves, reach.depth + move.depth, reach.requests + 1))

    def _after(self, place: Place, move: Move, selection: Selection) -> Option | None:
        if self._places.is_interface_object(place) and self._hides_types(place, selection):
            return None
        field = self._graph.field(move.subgraph, move.view, selection.name)
        if field is None or field.external:
            return None
        requires: tuple[Selection, ...] = ()
        before = Reach(0, move.depth - 1, move.requests - 1)
        if field.requires:
            requires = self._places.field_sets.read(field.requires, move.view)
            needed = self.selections(place.at_hand, requires)
            if any(required.leaves & ~needed.leaves for required in requires):
                return None
            before = before.beside(needed)
        elif move.subgraph == place.subgraph and not (place.again or field.context_arguments):
            return None
        below = self._below(move.place(self._graph, place.types), move.view, field, selection)
        reach = Reach(below.leaves, before.depth + 1 + below.depth, before.requests + 1 + below.requests)
        return Option(move, field, requires, reach)
