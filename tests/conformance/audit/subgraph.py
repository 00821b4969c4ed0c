"""A federation subgraph in process, made from its SDL and a few resolvers, for conformance tests.

A row is a dictionary; a row of an abstract position carries `__typename`. A resolver is keyed `Type.field` and
called with its parent row and the field's arguments; a reference resolver is keyed `Type` and called with the
representation. What has no resolver is read from the row, and what the row lacks is null.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    build_ast_schema,
    graphql,
    parse,
)

from common.http import Request, Response

Row = Mapping[str, Any]
Resolvers = Mapping[str, Callable[..., Any]]

EXTENSIONS = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
}


def pick(row: Row, *names: str) -> dict[str, Any]:
    """The members of `row` that are named, `__typename` with them."""
    return {name: row[name] for name in ("__typename", *names) if name in row}


def by(
    rows: Collection[Row], key: str, *names: str, typename: str | None = None
) -> Callable[[Row], Row | None]:
    """A reference resolver: the row that has the representation's `key`, cut down to `key` and `names`.

    What the representation brings beside the key, by `@requires`, is added.
    """

    def resolve(representation: Row) -> Row | None:
        row = next((each for each in rows if each[key] == representation.get(key)), None)
        if row is None:
            return None
        typenames = {"__typename": typename} if typename else {}
        return {**representation, **pick(row, key, *names), **typenames}

    return resolve


class FakeSubgraph:
    """Answers as a subgraph of `sdl` would; it is a `common.http.Transport` as well. `requests` keeps what was asked."""

    def __init__(self, name: str, sdl: str, resolvers: Resolvers) -> None:
        self.name = name
        self.url = f"app://{name}/graphql"
        self.requests: list[dict[str, Any]] = []
        self._schema = _executable_schema(sdl)
        self._resolvers = resolvers

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ARG002, ASYNC109  # the protocol's
        asked = msgspec.json.decode(request.body)
        self.requests.append(asked)
        result = await graphql(
            self._schema,
            asked["query"],
            root_value={},
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
            field_resolver=self._resolve_field,
            type_resolver=_resolve_type,
        )
        headers = (("content-type", "application/json"),)
        return Response(status=200, headers=headers, body=msgspec.json.encode(result.formatted))

    async def close(self) -> None:
        """Nothing is open."""

    def _resolve_field(self, row: Row, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._resolve_reference(each) for each in arguments["representations"]]
        resolver = self._resolvers.get(f"{info.parent_type.name}.{info.field_name}")
        return resolver(row, **arguments) if resolver else row.get(info.field_name)

    def _resolve_reference(self, representation: Row) -> Row | None:
        typename = representation["__typename"]
        resolver = self._resolvers.get(typename)
        if resolver is None:
            raise GraphQLError(f"{self.name} resolves no reference to {typename}")
        row = resolver(representation)
        return row and {"__typename": typename, **row}


def _resolve_type(row: Row, *_: object) -> str:
    return str(row["__typename"])


def _executable_schema(sdl: str) -> GraphQLSchema:
    parsed = parse(sdl, no_location=True).definitions
    types = [
        _as_definition(each)
        for each in parsed
        if not isinstance(each, SchemaDefinitionNode | SchemaExtensionNode)
    ]
    entities = [each.name.value for each in types if _is_entity(each)]
    has_query = any(each.name.value == "Query" for each in types)
    machinery = f"{'extend ' if has_query else ''}type Query {{ _service: String }}"
    if entities:
        machinery += f" scalar _Any union _Entity = {' | '.join(entities)}"
        machinery += " extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
    return build_ast_schema(
        DocumentNode(definitions=(*types, *parse(machinery).definitions)), assume_valid_sdl=True
    )


def _as_definition(node: DefinitionNode) -> Any:
    """An extension of a type that the subgraph does not define is its definition there."""
    definition = EXTENSIONS.get(type(node))
    return definition(**{key: getattr(node, key) for key in node.keys}) if definition else node


def _is_entity(node: Any) -> bool:
    return isinstance(node, ObjectTypeDefinitionNode) and any(
        each.name.value == "key" for each in node.directives or ()
    )
