"""Paths of a plan, compiled to what finds their objects in the data."""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.execution.errors import Position
from gateway.planning.plan import Each, Key, OfType, Path, PathStep

Object = dict[str, Any]
Located = list[tuple[Position, Any]]
Collector = Callable[[Object], list[Object]]
Locator = Callable[[Object], list[tuple[Position, Object]]]


def compile_collector(path: Path) -> Collector:
    """Finds the objects at `path`, in the order of the data. Nulls and what is no object are left out."""
    steps = [_values_step(step) for step in path]

    def collect(data: Object) -> list[Object]:
        values: list[Any] = [data]
        for step in steps:
            values = step(values)
        return [value for value in values if value.__class__ is dict]

    return collect


def _values_step(step: PathStep) -> Callable[[list[Any]], list[Any]]:
    match step:
        case Key(name):
            return lambda values: [
                member
                for value in values
                if value.__class__ is dict and (member := value.get(name)) is not None
            ]
        case Each():
            return lambda values: [
                element
                for value in values
                if value.__class__ is list
                for element in value
                if element is not None
            ]
        case OfType(types):
            return lambda values: [
                value for value in values if value.__class__ is dict and value.get("__typename") in types
            ]


def compile_locator(path: Path) -> Locator:
    """Like a collector, with the position of every object: several times slower, for errors."""

    def locate(data: Object) -> list[tuple[Position, Object]]:
        values: Located = [((), data)]
        for step in path:
            values = [found for value in values for found in _locate_step(step, *value)]
        return [(position, value) for position, value in values if isinstance(value, dict)]

    return locate


def _locate_step(step: PathStep, position: Position, value: Any) -> Located:
    match step, value:
        case Key(name), dict():
            return [((*position, name), value[name])] if value.get(name) is not None else []
        case Each(), list():
            return [((*position, index), element) for index, element in enumerate(value)]
        case OfType(types), dict():
            return [(position, value)] if value.get("__typename") in types else []
    return []


def matches(path: Path, keys: Sequence[str | int]) -> int | None:
    """How many of `keys` the path covers as their beginning; None where it does not."""
    taken = 0
    for step in path:
        match step:
            case Key(name):
                if taken == len(keys) or keys[taken] != name:
                    return None
            case Each():
                if taken == len(keys) or not isinstance(keys[taken], int):
                    return None
            case OfType():
                continue
        taken += 1
    return taken
