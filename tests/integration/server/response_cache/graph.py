"""A graph to cache: products of a catalog, their stock by another subgraph; both can be told what to answer."""

from typing import Any

import msgspec
import strawberry
from strawberry.federation import Schema
from strawberry.types import Info

from gateway.composition import Subgraph, compose
from gateway.supergraph import Supergraph
from tests.integration.server.graph import serve_lifespan

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cacheTag"])\n'
)
CATALOG = (
    LINK
    + """
type Query {
  products(first: Int! = 2): [Product!]! @cacheTag(format: "products") @cacheTag(format: "first-{$args.first}")
  me: String
  failure: String
}
type Mutation { touch(id: ID!): Product }
type Product @key(fields: "id") { id: ID! name: String! }
"""
)
STOCK = (
    LINK
    + """
type Product @key(fields: "id") @cacheTag(format: "product-{$key.id}") { id: ID! stock: Int }
"""
)


def supergraph(**urls: str) -> Supergraph:
    """The composed graph; both subgraphs run in this process unless `urls` say otherwise."""
    sdls = {"catalog": CATALOG, "stock": STOCK}
    result = compose(
        [
            Subgraph(name=name, sdl=sdl, url=urls.get(name, f"app://{name}/graphql"))
            for name, sdl in sdls.items()
        ]
    )
    assert result.supergraph_sdl is not None, result.errors
    return Supergraph.from_sdl(result.supergraph_sdl)


class App:
    """A subgraph's ASGI app: answers with `headers` and `extensions`, and keeps the `requests` that it got.

    With an `entity_tag` it gives each entity one that begins so and ends with the id.
    """

    def __init__(self, schema: Schema, **context: Any) -> None:
        self._schema = schema
        self._context = context
        self.headers: list[tuple[bytes, bytes]] = [(b"cache-control", b"max-age=60")]
        self.extensions: dict[str, Any] = {}
        self.entity_tag = ""
        self.requests: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
            return
        request = msgspec.json.decode((await receive())["body"])
        self.requests.append(request)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        result = await self._schema.execute(
            request["query"], request.get("variables"), {"headers": headers, **self._context}
        )
        answer: dict[str, Any] = {"data": result.data, "extensions": self.extensions}
        if self.entity_tag:
            ids = [each["id"] for values in request["variables"].values() for each in values]
            answer["extensions"] = {"apolloEntityCacheTags": [[self.entity_tag + id_] for id_ in ids]}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        head = [(b"content-type", b"application/json"), *self.headers]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    def representations(self) -> list[list[str]]:
        """The ids of the entities that each request asked for."""
        found = [request["variables"] for request in self.requests]
        return [[each["id"] for values in variables.values() for each in values] for variables in found]


@strawberry.federation.type(keys=["id"], name="Product")
class CatalogProduct:
    id: strawberry.ID
    name: str


@strawberry.type
class Query:
    @strawberry.field
    def products(self, first: int = 2) -> list[CatalogProduct]:
        return [CatalogProduct(id=strawberry.ID(str(n)), name=f"P{n}") for n in range(1, first + 1)]

    @strawberry.field
    def me(self, info: Info[Any, None]) -> str | None:
        """Who asks, by the headers of the request."""
        headers = info.context["headers"]
        return headers.get("authorization") or headers.get("x-user") or headers.get("accept-language")

    @strawberry.field
    def failure(self) -> str | None:
        raise RuntimeError("no")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self, id: strawberry.ID) -> CatalogProduct | None:  # noqa: A002 - the argument's name in the graph
        return CatalogProduct(id=id, name="touched")


@strawberry.federation.type(keys=["id"], name="Product")
class StockProduct:
    id: strawberry.ID

    @strawberry.field
    def stock(self, info: Info[Any, None]) -> int | None:
        """What the test has put there; an exception is raised."""
        value = info.context["stock"].get(self.id)
        if isinstance(value, Exception):
            raise value
        return value  # type: ignore[no-any-return] # an integer or nothing

    @classmethod
    def resolve_reference(cls, id: strawberry.ID, info: Info[Any, None]) -> "StockProduct | None":  # noqa: A002 - the key's name in the graph
        return cls(id=id) if id in info.context["stock"] else None


def catalog() -> App:
    return App(Schema(query=Query, mutation=Mutation, types=[CatalogProduct]))


def stock(amounts: dict[str, Any]) -> App:
    """The stock of each product by its id; the test may change it."""
    return App(Schema(types=[StockProduct]), stock=amounts)
