"""Objects of the data as entity representations, encoded (federation specification, `_Any`)."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.execution.flat_representations import Identify, compile_identify
from gateway.execution.paths import Object
from gateway.planning.plan import Representation, RequiredField, RequiredSelection

Placement = tuple[list[Object], list[int]]
"""Objects of one path, and beside each the index of its representation."""


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


Builders = Mapping[str | None, Builder]
"""By `__typename`; under None for objects that lack it, if only one type can be."""


class Representations:
    """Those of one `_entities` field in one request, without duplicates."""

    __slots__ = ("_numbers", "encoded")

    def __init__(self) -> None:
        self.encoded: list[bytes] = []
        self._numbers: dict[Hashable, int] = {}

    def place(self, values: list[Object], builders: Builders) -> Placement:
        """The objects among `values` that make a representation. The loop calls as little as it can."""
        numbers = self._numbers
        objects: list[Object] = []
        indices: list[int] = []
        for value in values:
            typename = value.get("__typename")
            builder = builders.get(typename if typename.__class__ is str else None)
            if builder is None or (identity := builder.identify(value)) is None:
                continue
            try:
                number = numbers.get(identity)
            except TypeError:  # a leaf is a list or an object
                number = numbers.get(identity := builder.json(value, identity))
            if number is None:
                number = numbers[identity] = len(self.encoded)
                self.encoded.append(builder.json(value, identity))
            objects.append(value)
            indices.append(number)
        return objects, indices


_encode = msgspec.json.Encoder().encode


def compile_builders(representations: Sequence[Representation]) -> Builders:
    """How representations are built of objects."""
    kinds: dict[Hashable, int] = {}
    builders: dict[str | None, Builder] = {
        name: _compile(representation, representation.typename or name, kinds)
        for representation in reversed(representations)
        for name in representation.possible_types
    }
    if len(builders) == 1:
        builders[None] = next(iter(builders.values()))
    return builders


def _compile(representation: Representation, typename: str, kinds: dict[Hashable, int]) -> Builder:
    selections = tuple(field for field in representation.selections if not _is_typename(field))
    flat = [field for field in selections if isinstance(field, RequiredField) and not field.selections]
    names = dict.fromkeys(field.name for field in flat)
    if flat and len(flat) == len(selections) and names.keys() >= set(representation.non_null):
        kind = kinds.setdefault((typename, *names), len(kinds))
        identify = compile_identify(kind, flat, representation.non_null)
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
    nested = _nested(select)

    def select_nested(value: Object, required: Object) -> None:
        members = nested(value[source])
        earlier = required.get(name)
        if isinstance(earlier, dict) and isinstance(members, dict):
            earlier.update(members)
        else:
            required[name] = members

    return select_nested


def compile_nested_value(field: RequiredField) -> Callable[[Any], Any]:
    """What is required of the value of a composite member; LookupError where some of it is not there."""
    return _nested(_compile_selections(field.selections))


def _nested(select: Select) -> Callable[[Any], Any]:
    def nested(value: Any) -> Any:
        if value.__class__ is dict:
            required: Object = {}
            select(value, required)
            return required
        if value.__class__ is list:
            return [nested(element) for element in value]
        return None

    return nested
