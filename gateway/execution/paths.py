"""Paths of a plan, compiled to what finds their objects in the data."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from gateway.execution.errors import Position
from gateway.planning.plan import Each, Key, OfType, Path, PathStep

_STEPS = 12
"""How many steps one comprehension takes: far below what the compiler nests."""

Object = dict[str, Any]
Located = list[tuple[Position, Any]]
Collector = Callable[[Object], list[Object]]
Locator = Callable[[Object], list[tuple[Position, Object]]]


def compile_collector(path: Path) -> Collector:
    """Finds the objects at `path`, in the order of the data. Nulls and what is no object are left out."""
    parts = [_compile_part(path[start : start + _STEPS]) for start in range(0, len(path), _STEPS)]

    def collect(data: Object) -> list[Object]:
        values: list[Any] = [data]
        for part in parts:
            values = part(values)
        return [value for value in values if value.__class__ is dict]

    return collect


def _compile_part(steps: Path) -> Callable[[list[Any]], list[Any]]:
    """One comprehension; names are written with `repr`.

    Of `users.@`: `[v2 for v0 in values if v0.__class__ is dict for v1 in (v0.get('users'),) if v1.__class__ is list
    for v2 in v1]`.
    """
    clauses = ["for v0 in values"]
    for number, step in enumerate(steps):
        value, found = f"v{number}", f"v{number + 1}"
        match step:
            case Key(name):
                clauses.append(f"if {value}.__class__ is dict for {found} in ({value}.get({name!r}),)")
            case Each():
                clauses.append(f"if {value}.__class__ is list for {found} in {value}")
            case OfType(types):
                types_ = f"{value}.get('__typename') in {types!r}"
                clauses.append(f"if {value}.__class__ is dict and {types_} for {found} in ({value},)")
    source = f"lambda values: [v{len(steps)} {' '.join(clauses)}]"
    part: Callable[[list[Any]], list[Any]] = eval(_compile(source))  # noqa: S307 - its names are validated
    return part


@lru_cache(maxsize=512)
def _compile(source: str) -> CodeType:
    return compile(source, "<path>", "eval")


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
