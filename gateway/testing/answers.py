"""What a fake subgraph answers, field by field: values and functions by schema coordinate."""

from collections.abc import Mapping, Sequence
from inspect import isawaitable
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, OperationType

Answers: TypeAlias = Mapping[str, Any]
"""By `Type.field` the field's value, or a function of its arguments that gives the value; where the type is no root
type, the object is the first. By `Type` its entities: a list of objects, or a function of one representation. An
exception is raised in the field's place."""


class Resolvers:
    """Resolves the fields of `schema` by `answers`; an object's own members count where no coordinate is given.

    What nobody answers is an error that says which coordinate to give. Raises ValueError for a coordinate that the
    schema does not have.
    """

    def __init__(self, schema: GraphQLSchema, answers: Answers, sdl: str) -> None:
        unknown = [coordinate for coordinate in answers if not _exists(schema, coordinate)]
        if unknown:
            raise ValueError(f"The SDL has no `{unknown[0]}`, which has an answer")
        roots = (schema.get_root_type(operation) for operation in OperationType)
        self.schema = schema
        self._roots = {root.name for root in roots if root}
        self._answers = answers
        self._sdl = sdl

    def field(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """graphql-core's field resolver."""
        if info.field_name == "_service":
            return {"sdl": self._sdl}
        if info.field_name == "_entities":
            return [self._entity(representation) for representation in arguments["representations"]]
        parent = info.parent_type.name
        coordinate = f"{parent}.{info.field_name}"
        if coordinate not in self._answers:
            return _raised(_member(source, info.field_name, coordinate))
        answer = self._answers[coordinate]
        if callable(answer):
            return answer(**arguments) if parent in self._roots else answer(source, **arguments)
        return _raised(answer)

    def type(self, value: Any, *_: object) -> str:
        """graphql-core's type resolver."""
        return str(_member(value, "__typename", "__typename of an object of an interface or union"))

    def _entity(self, representation: Mapping[str, Any]) -> Any:
        typename = representation["__typename"]
        answer = self._answers.get(typename, (representation,))
        found = answer(representation) if callable(answer) else _matching(answer, representation)
        if isawaitable(found):
            return _completed(found, typename)
        return _named(found, typename)


async def _completed(found: Any, typename: str) -> Any:
    return _named(await found, typename)


def _named(entity: Any, typename: str) -> Any:
    return {"__typename": typename, **entity} if isinstance(entity, Mapping) else _raised(entity)


def _matching(entities: Sequence[Mapping[str, Any]], representation: Mapping[str, Any]) -> Any:
    """The entity that agrees with the representation on what both have, with what the representation brings (`@requires`)."""
    for entity in entities:
        shared = (entity.keys() & representation.keys()) - {"__typename"}
        if shared and all(entity[name] == representation[name] for name in shared):
            return {**representation, **entity}
    return None


def _member(source: Any, name: str, coordinate: str) -> Any:
    if isinstance(source, Mapping) and name in source:
        return source[name]
    if not isinstance(source, Mapping) and hasattr(source, name):
        return getattr(source, name)
    raise LookupError(f"No answer for {coordinate}: give one in the answers or in its object")


def _raised(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def _exists(schema: GraphQLSchema, coordinate: str) -> bool:
    type_name, _, field = coordinate.partition(".")
    found = schema.type_map.get(type_name)
    return isinstance(found, GraphQLObjectType) and (not field or field in found.fields)
