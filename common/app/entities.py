"""Resolving `_entities`: from what a router sends to a type's `resolve_reference`.

Strawberry passes representations on unchecked, so that one of the wrong shape would be a defect of the service and fail all
others with it. Here it is a refusal, in its own place.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import strawberry
from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
)

from common.errors import DomainError

Resolver = Callable[..., Any]


class InvalidRepresentationError(DomainError):
    """A representation that no entity of this subgraph has."""

    code = "INVALID_REPRESENTATION"


class EntityResolver:
    """Resolves the entities of one schema; `origins` are the Python classes of its types by name."""

    def __init__(self, schema: GraphQLSchema, origins: Mapping[str, type]) -> None:
        self._schema = schema
        self._origins = origins
        self._resolver = cache(self._find_resolver)

    def resolve(self, representation: Any, info: strawberry.Info) -> Any:
        """The entity, something to await for it, or the error that stands in its place."""
        try:
            name = _typename(representation)
            resolver, accepted = self._resolver(name)
            arguments = self._arguments(name, representation, accepted)
            if "info" in accepted:
                arguments["info"] = info
            return resolver(**arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this entity alone
            return error

    def _find_resolver(self, name: str) -> tuple[Resolver, Mapping[str, inspect.Parameter]]:
        resolver = getattr(self._origins.get(name), "resolve_reference", None)
        if resolver is None:
            raise InvalidRepresentationError(
                "A representation's __typename is not an entity of this subgraph"
            )
        return resolver, inspect.signature(resolver).parameters

    def _arguments(
        self, name: str, representation: Mapping[str, Any], accepted: Mapping[str, inspect.Parameter]
    ) -> dict[str, Any]:
        type_ = self._schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        given = {
            key: value for key, value in representation.items() if key in accepted and key in type_.fields
        }
        for key, parameter in accepted.items():
            if key in given:
                given[key] = _parse(f"{name}.{key}", type_.fields[key].type, given[key])
            elif key != "info" and parameter.default is parameter.empty:
                raise InvalidRepresentationError(f"A representation of {name} lacks {key}")
        return given


def _typename(representation: Any) -> str:
    name = representation.get("__typename") if isinstance(representation, dict) else None
    if not isinstance(name, str):
        raise InvalidRepresentationError("A representation is not an object with a __typename")
    return name


def _parse(place: str, type_: Any, value: Any) -> Any:
    """The value as its resolver expects it, with lists and objects taken apart; those of abstract types as they are."""
    if value is None:
        if is_non_null_type(type_):
            raise InvalidRepresentationError(f"{place} of a representation is null")
        return None
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList) and isinstance(value, list):
        return [_parse(place, type_.of_type, item) for item in value]
    if isinstance(type_, GraphQLObjectType) and isinstance(value, dict):
        members = {key: member for key, member in value.items() if key in type_.fields}
        return {
            key: _parse(f"{place}.{key}", type_.fields[key].type, member) for key, member in members.items()
        }
    return value if is_abstract_type(type_) else _parse_leaf(place, type_, value)


def _parse_leaf(place: str, type_: Any, value: Any) -> Any:
    try:
        if is_leaf_type(type_):
            return type_.parse_value(value)
    except (GraphQLError, ValueError, TypeError):
        pass
    raise InvalidRepresentationError(f"{place} of a representation is no {type_}")
