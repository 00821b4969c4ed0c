"""What the builder works on: selections to resolve, and the objects to resolve them for."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.planning.fetch_graph import FetchNode, SelectedObject
from gateway.planning.likeness import Views
from gateway.planning.places import Place
from gateway.planning.plan import Each, Key, OfType, Path
from gateway.planning.reach import Option
from gateway.planning.response_keys import ResponseKeys
from gateway.planning.selection import Conditions, Selection
from gateway.supergraph.query_graph import GraphField


class Target(NamedTuple):
    """Objects in the answer of a fetch (none before a root fetch), to which fields can be added.

    `all_types` are the types of all objects at `path`, of which `place` may hold a part. `above` are the objects
    that these are members of, `before` the same objects as another fetch has them, which these were moved from.
    """

    place: Place
    fetch: FetchNode | None
    selected: SelectedObject
    path: Path
    keys: ResponseKeys
    all_types: frozenset[str]
    above: "Above | None" = None
    before: "Target | None" = None

    def entered_anew(self) -> "Target":
        """The objects as those that a new request starts from."""
        return self._replace(place=self.place._replace(again=True))

    def all_above(self) -> "Iterator[Above]":
        """The objects above up to the root, the nearest first."""
        above = self.above
        while above is not None:
            yield above
            above = above.target.above

    def fetched(self) -> "Iterator[Target]":
        """These objects in every fetch on the way here, the last one first."""
        target: Target | None = self
        while target is not None:
            yield target
            target = target.before


class Above(NamedTuple):
    """Of the objects `target` those of `types`, of which others are members, selected under `conditions`."""

    target: Target
    types: frozenset[str]
    conditions: Conditions


class Task(NamedTuple):
    """A selection to resolve for the objects that the subgraph sees as `views`, all with the same options.

    Where they are `alike`, every subgraph declares the field on all of them as on the first.
    """

    selection: Selection
    views: Views
    options: tuple[Option, ...]
    alike: bool = False

    def shortest(self) -> "Task":
        """Only the options by the shortest chain: so what a key needs never waits for that key itself."""
        complete = [option for option in self.options if option.reach.leaves == self.selection.leaves]
        if not complete:
            return self
        shortest = min(option.reach.depth for option in complete)
        return self._replace(options=tuple(o for o in complete if o.reach.depth == shortest))

    def is_reached(self) -> bool:
        """Whether the options answer all of the selection together."""
        leaves = 0
        for option in self.options:
            leaves |= option.reach.leaves
        return not self.selection.leaves & ~leaves

    @property
    def types(self) -> frozenset[str]:
        return frozenset[str]().union(*self.views.values())

    def decision(self, at: Target) -> tuple[object, ...]:
        """What tells this decision from all others of an operation, whenever it is built again."""
        subgraph = at.fetch.subgraph if at.fetch else None
        return (
            at.path,
            subgraph,
            self.selection.name,
            self.selection.response_key,
            self.selection.leaves,
            tuple(self.views),
        )


def signature(option: Option) -> tuple[object, ...]:
    """What options of different types have in common when they can be taken together."""
    return target_of(option), option.reach.leaves


def target_of(option: Option) -> tuple[object, ...]:
    """Where an option leads, whatever the type."""
    move = option.move
    return option.field is not None, bool(option.requires), move and (move.subgraph, move.real_types)


def path_below(at: Target, types: frozenset[str], response_key: str, field: GraphField) -> Path:
    """The path of the objects that `field` leads to from the objects `at` that are of `types`."""
    narrowing = () if at.all_types <= types else (OfType(tuple(sorted(types))),)
    return (*at.path, *narrowing, Key(response_key), *(Each(),) * field.type.depth)
