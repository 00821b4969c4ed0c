"""Objects of the data as entity representations, encoded (federation specification, `_Any`)."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.execution.flat_representations import Identify, compile_identify
from gateway.execution.paths import Object
from gateway.planning.plan import Representation, RequiredField, RequiredSelection


class Builder(msgspec.Struct, frozen=True):
    """Makes representations of the objects of one type.

    `identify` gives what is equal for equal representations, and None for an object that makes none. Without an
    `encode` it gives their JSON.
    """

    identify: Identify
    encode: Callable[[Object], bytes] | None = None

    def json(self, value: Object, identity: Hashable) -> bytes:
        """The representation of an object that has this identity."""
        if isinstance(identity, bytes):
            return identity
        assert self.encode is not None
        return self.encode(value)


class Representations:
    """Those of one request, without duplicates."""

    __slots__ = ("_numbers", "encoded")

    def __init__(self) -> None:
        self.encoded: list[bytes] = []
        self._numbers: dict[Hashable, int] = {}

    def number_of(self, value: Object, builder: Builder) -> int | None:
        """The index in `encoded` of what `value` is represented by; None where it makes no representation."""
        identity = builder.identify(value)
        if identity is None:
            return None
        try:
            number = self._numbers.get(identity)
        except TypeError:  # a leaf is a list or an object
            identity = builder.json(value, identity)
            number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self.encoded)
            self.encoded.append(builder.json(value, identity))
        return number


_encode = msgspec.json.Encoder().encode


def compile_builders(representations: Sequence[Representation]) -> Mapping[str | None, Builder]:
    """How a representation is built of an object, by its `__typename`; one that lacks it, if only one type can be."""
    builders: dict[str | None, Builder] = {
        name: _compile(representation, representation.typename or name)
        for representation in reversed(representations)
        for name in representation.possible_types
    }
    if len(builders) == 1:
        builders[None] = next(iter(builders.values()))
    return builders


def _compile(representation: Representation, typename: str) -> Builder:
    selections = tuple(field for field in representation.selections if not _is_typename(field))
    flat = [field for field in selections if isinstance(field, RequiredField) and not field.selections]
    names = {field.name for field in flat}
    if flat and len(flat) == len(selections) and names.issuperset(representation.non_null):
        identify = compile_identify(typename, flat, representation.non_null)
        return Builder(identify, _compile_flat(flat, typename))
    return Builder(_compile_nested_build(selections, typename, representation.non_null))


def _compile_flat(fields: Sequence[RequiredField], typename: str) -> Callable[[Object], bytes]:
    members = tuple((field.name, field.source) for field in fields)

    def encode(value: Object) -> bytes:
        return _encode({"__typename": typename} | {name: value[source] for name, source in members})

    return encode


def _compile_nested_build(
    selections: tuple[RequiredSelection, ...], typename: str, non_null: tuple[str, ...]
) -> Callable[[Object], bytes | None]:
    select = _compile_selections(selections)

    def build(value: Object) -> bytes | None:
        required = {"__typename": typename}
        try:
            select(value, required)
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
