"""Where the arguments that the router fills by `@fromContext` get their values.

The value comes from the nearest object above that sets the context, by its type. Where objects of one position
differ in that, the objects below are split by the types above them, and each part has a path of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from gateway.planning.fetch_graph import ContextValue, FetchNode
from gateway.planning.places import Places
from gateway.planning.plan import Each, Key, OfType, Path
from gateway.planning.reach import Reachability
from gateway.planning.response_keys import ResponseKeys
from gateway.planning.selection import Conditions, Selection, joined_conditions
from gateway.planning.tasks import Target
from gateway.supergraph.model import ContextArgument
from gateway.supergraph.query_graph import QueryGraph

_Types: TypeAlias = tuple[frozenset[str], ...]
"""The types of the objects above a target, the nearest first."""


class ContextRead(NamedTuple):
    """An argument and its value: `selections`, to be resolved for the objects `at`, are what it is read from."""

    argument: str
    value: ContextValue
    at: Target
    selections: tuple[Selection, ...]


class Contexts:
    """Finds the objects that set contexts, and how to read values from them."""

    def __init__(self, places: Places, reachability: Reachability) -> None:
        self._places = places
        self._graph = places.graph
        self._reachability = reachability

    def parts(
        self, at: Target, arguments: Sequence[ContextArgument]
    ) -> Iterator[tuple[Target, list[ContextRead]]]:
        """The objects `at` by where their arguments are read; nothing is read where a context is not set."""
        parts: list[_Types] = [tuple(above.types for above in at.all_above())]
        for argument in arguments:
            parts = [part for types in parts for part in self._split(at, types, argument.context)]
        for types in parts:
            part = _narrowed(at, types)
            reads = [read for argument in arguments if (read := self._read(part, argument))]
            yield part, reads if len(reads) == len(arguments) else []

    def are_known_before(self, fetch: FetchNode, reads: Iterable[ContextRead]) -> bool:
        """Whether the fetches that `fetch` waits for answer all that is read."""
        return all(
            read.at.fetch is not None
            and read.at.fetch.level < fetch.level
            and not self._reachability.selections(read.at.place, read.selections).depth
            for read in reads
        )

    def _split(self, at: Target, types: _Types, context: str) -> Iterator[_Types]:
        for number, above in enumerate(at.all_above()):
            setting = self._setting(above.target, types[number], context)
            if setting:
                yield (*types[:number], setting, *types[number + 1 :])
                if rest := types[number] - setting:
                    yield from self._split(at, (*types[:number], rest, *types[number + 1 :]), context)
                return
        yield types

    def _setting(self, target: Target, types: frozenset[str], context: str) -> frozenset[str]:
        """Those of `types` that set the context; an interface object can't tell them apart.

        A subscription's root has one field, so that nothing else is read of it.
        """
        if self._graph.root_kind(target.place.type_name) == "subscription":
            return frozenset()
        found = types.intersection(chain.from_iterable(self._graph.context_setters(context).values()))
        return types if found and self._places.is_interface_object(target.place) else found

    def _read(self, at: Target, argument: ContextArgument) -> ContextRead | None:
        conditions: Conditions = ()
        for target, types, own_conditions in at.all_above():
            conditions = joined_conditions(conditions, own_conditions)
            if self._setting(target, types, argument.context):
                selections = self._selections(argument, types)
                sources = self._sources(target, types, selections)
                value = ContextValue(argument.type, len(target.path), sources)
                soonest = self._soonest(target, types, selections)
                return ContextRead(
                    argument.name, value, soonest, tuple(found.under(conditions) for found in selections)
                )
        return None

    def _selections(self, argument: ContextArgument, types: frozenset[str]) -> list[Selection]:
        """What the argument selects on objects of `types`."""
        found: list[Selection] = []
        rest = types
        for name, setting in self._graph.context_setters(argument.context).items():
            if setting & rest:
                selections = self._places.field_sets.read(argument.selection, name)
                found += [selection for selection in selections if selection.types & types]
                rest -= setting
        return found

    def _sources(
        self, target: Target, types: frozenset[str], selections: Sequence[Selection]
    ) -> tuple[Path, ...]:
        place = target.place
        is_told = not (self._graph.root_kind(place.type_name) or self._places.is_interface_object(place))
        return tuple(
            (OfType(tuple(sorted(selection.types & types))), *path) if is_told else path
            for selection in selections
            for path in _leaf_paths(self._graph, target.keys, selection)
        )

    def _soonest(self, target: Target, types: frozenset[str], selections: Sequence[Selection]) -> Target:
        """The objects in that of their fetches from which `selections` are read soonest."""

        def rank(fetched: Target) -> tuple[int, int]:
            reach = self._reachability.selections(fetched.place, selections)
            return (fetched.fetch.level if fetched.fetch else 0) + reach.depth, reach.requests

        return min(
            (found._replace(place=self._places.narrowed(found.place, types)) for found in target.fetched()),
            key=rank,
        )


def _narrowed(at: Target, types: _Types) -> Target:
    """The objects `at` below objects of only `types`."""
    if at.above is None:
        return at
    above = at.above.target
    steps = at.path[len(above.path) :]
    if types[0] != at.above.types:
        own = steps[1:] if isinstance(steps[0], OfType) else steps
        steps = (OfType(tuple(sorted(types[0]))), *own)
    narrowed = _narrowed(above, types[1:])
    return at._replace(
        path=(*narrowed.path, *steps), above=at.above._replace(target=narrowed, types=types[0])
    )


def _leaf_paths(graph: QueryGraph, keys: ResponseKeys, selection: Selection) -> Iterator[Path]:
    """The paths to the leaves of a selection that is placed at `keys`."""
    response_key = keys.place(selection)
    if not selection.selections:
        yield (Key(response_key),)
        return
    type_ = graph.field_type(min(selection.types), selection.name)
    types = graph.possible_types(type_.name)
    for inner in selection.selections:
        is_told = types <= inner.types or graph.has_interface_object(type_.name)
        narrowing = () if is_told else (OfType(tuple(sorted(inner.types))),)
        for path in _leaf_paths(graph, keys.below(response_key), inner):
            yield (Key(response_key), *(Each(),) * type_.depth, *narrowing, *path)
