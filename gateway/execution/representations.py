"""Objects of the data as entity representations, encoded (federation specification, `_Any`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.execution.paths import Object
from gateway.planning.plan import Representation, RequiredField, RequiredSelection

Build = Callable[[Object], bytes | None]

_encode = msgspec.json.Encoder().encode


class Builders:
    """Chooses by an object's type how its representation is built."""

    def __init__(self, representations: Sequence[Representation]) -> None:
        self._by_typename: Mapping[str, Build] = {
            name: _compile(representation, representation.typename or name)
            for representation in reversed(representations)
            for name in representation.possible_types
        }
        only = len(self._by_typename) == 1
        self._untyped = next(iter(self._by_typename.values())) if only else None

    def build(self, value: Object) -> bytes | None:
        """The representation as JSON; None for an object that makes none."""
        typename = value.get("__typename")
        build = self._untyped if typename is None else self._by_typename.get(typename)
        return None if build is None else build(value)


def _compile(representation: Representation, typename: str) -> Build:
    members = _compile_selections(
        tuple(field for field in representation.selections if not _is_typename(field))
    )
    non_null = representation.non_null

    def build(value: Object) -> bytes | None:
        required = {"__typename": typename}
        try:
            members(value, required)
        except LookupError:
            return None
        if non_null and any(required.get(name) is None for name in non_null):
            return None
        return _encode(required)

    return build


def _is_typename(selection: RequiredSelection) -> bool:
    return isinstance(selection, RequiredField) and selection.name == "__typename"


Select = Callable[[Object, Object], None]
"""Puts the selected members of the first object into the second; LookupError if one is not there."""


def _compile_selections(selections: tuple[RequiredSelection, ...]) -> Select:
    leaves = tuple(
        (s.name, s.source) for s in selections if isinstance(s, RequiredField) and not s.selections
    )
    others = tuple(
        _compile_selection(s) for s in selections if not isinstance(s, RequiredField) or s.selections
    )

    def select(value: Object, required: Object) -> None:
        for name, source in leaves:
            required[name] = value[source]
        for other in others:
            other(value, required)

    return select


def _compile_selection(selection: RequiredSelection) -> Select:
    select = _compile_selections(selection.selections)
    if isinstance(selection, RequiredField):
        return _compile_nested(selection, select)
    possible_types = frozenset(selection.possible_types)

    def select_of_type(value: Object, required: Object) -> None:
        if value["__typename"] in possible_types:
            select(value, required)

    return select_of_type


def _compile_nested(field: RequiredField, select: Select) -> Select:
    name, source = field.name, field.source

    def nested(value: Any) -> Any:
        if value.__class__ is dict:
            required: Object = {}
            select(value, required)
            return required
        if value.__class__ is list:
            return [nested(element) for element in value]
        return None

    def select_nested(value: Object, required: Object) -> None:
        members = nested(value[source])
        earlier = required.get(name)
        if isinstance(earlier, dict) and isinstance(members, dict):
            earlier.update(members)
        else:
            required[name] = members

    return select_nested
