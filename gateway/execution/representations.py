"""Objects of the data as entity representations, encoded (federation specification, `_Any`)."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from gateway.execution.paths import Object
from gateway.planning.plan import Representation, RequiredField, RequiredSelection

Build = Callable[[Object], bytes | None]
"""The representation as JSON; None for an object that makes none."""

_encode = msgspec.json.Encoder().encode


def compile_builders(representations: Sequence[Representation]) -> Mapping[str | None, Build]:
    """How a representation is built of an object, by its `__typename`; one that lacks it, if only one type can be."""
    builders: dict[str | None, Build] = {
        name: _compile(representation, representation.typename or name)
        for representation in reversed(representations)
        for name in representation.possible_types
    }
    if len(builders) == 1:
        builders[None] = next(iter(builders.values()))
    return builders


def _compile(representation: Representation, typename: str) -> Build:
    selections = tuple(field for field in representation.selections if not _is_typename(field))
    flat = [field for field in selections if isinstance(field, RequiredField) and not field.selections]
    if len(flat) == len(selections) and not representation.non_null and flat:
        return _compile_flat(flat, typename)
    return _compile_nested_build(selections, typename, representation.non_null)


def _compile_flat(fields: Sequence[RequiredField], typename: str) -> Build:
    """Of leaves alone, as most are: a Struct is filled and encoded at C speed."""
    names = [f"member{number}" for number in range(len(fields))]
    flat = msgspec.defstruct(
        "FlatRepresentation",
        names,
        tag_field="__typename",
        tag=typename,
        rename=dict(zip(names, (field.name for field in fields), strict=True)),
        gc=False,
    )
    members = itemgetter(*[field.source for field in fields])
    single = len(fields) == 1

    def build(value: Object) -> bytes | None:
        try:
            return _encode(flat(members(value)) if single else flat(*members(value)))
        except LookupError:
            return None

    return build


def _compile_nested_build(
    selections: tuple[RequiredSelection, ...], typename: str, non_null: tuple[str, ...]
) -> Build:
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
