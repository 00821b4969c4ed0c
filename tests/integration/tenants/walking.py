"""Walks a schema: for each root field an operation that selects all there is, with arguments of the caller's choosing."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)

DEPTH = 5
INFRASTRUCTURE = ("_service", "_entities")


class Walk:
    """Operations of `schema` whose arguments are `values` by name, and else by type; an id is `id_`.

    Arguments that may be left out are, but for those named in `values`, unless `with_all`.
    """

    def __init__(
        self, schema: GraphQLSchema, values: Mapping[str, Any], id_: str, *, with_all: bool = False
    ) -> None:
        self._schema = schema
        self._values = values
        self._id = id_
        self._with_all = with_all

    def queries(self) -> Iterator[tuple[str, str]]:
        """The name of each field of Query, and an operation of it."""
        return self._operations("query", self._schema.query_type)

    def mutations(self) -> Iterator[tuple[str, str]]:
        return self._operations("mutation", self._schema.mutation_type)

    def entities(self) -> str:
        """An operation for representations of any entity."""
        entity = self._schema.type_map["_Entity"]
        selection = self._selection(entity, DEPTH)  # type: ignore[arg-type]  # a union is an output type
        return f"query ($of: [_Any!]!) {{ _entities(representations: $of) {selection} }}"

    def _operations(self, kind: str, root: GraphQLObjectType | None) -> Iterator[tuple[str, str]]:
        assert root is not None
        for name, field in root.fields.items():
            if name not in INFRASTRUCTURE:
                yield name, f"{kind} {{ {self._field(name, field, DEPTH)} }}"

    def _field(self, name: str, field: GraphQLField, depth: int, alias: str = "") -> str:
        arguments = ", ".join(
            f"{key}: {self._literal(key, argument.type)}"
            for key, argument in field.args.items()
            if self._with_all or key in self._values or is_required_argument(argument)
        )
        called = f"{name}({arguments})" if arguments else name
        return f"{alias}{called} {self._selection(field.type, depth)}"

    def _selection(self, type_: GraphQLOutputType, depth: int) -> str:
        named = get_named_type(type_)
        if is_leaf_type(named):
            return ""
        if isinstance(named, GraphQLUnionType):
            parts = [f"... on {each.name} {self._selection(each, depth)}" for each in named.types]
            return f"{{ __typename {' '.join(parts)} }}"
        assert isinstance(named, GraphQLObjectType)
        fields = [
            self._field(name, field, depth - 1, alias=f"{named.name}_{name}: ")
            for name, field in named.fields.items()
            if depth > 1 or is_leaf_type(get_named_type(field.type))
        ]
        return f"{{ __typename {' '.join(fields)} }}"

    def _literal(self, name: str, type_: GraphQLInputType) -> str:
        type_ = get_nullable_type(type_)
        if isinstance(type_, GraphQLInputObjectType):
            members = (f"{key}: {self._literal(key, field.type)}" for key, field in type_.fields.items())
            return f"{{{', '.join(members)}}}"
        if name in self._values:
            is_enum = isinstance(get_named_type(type_), GraphQLEnumType)
            return _text(self._values[name], quote=str if is_enum else json.dumps)
        if isinstance(type_, GraphQLList):
            return f"[{self._literal(name, type_.of_type)}]"
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        return _text({"ID": self._id, "Int": 1, "Float": 1.0, "Boolean": False}.get(str(type_), "x"))


def _text(value: Any, quote: Callable[[str], str] = json.dumps) -> str:
    """The value as GraphQL writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(member, quote)}" for key, member in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_text(member, quote) for member in value) + "]"
    return quote(value) if isinstance(value, str) else json.dumps(value)
