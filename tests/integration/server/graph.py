"""Two small subgraphs, products and reviews, on Strawberry."""

from typing import Any

import msgspec
import strawberry
from strawberry.federation import Schema
from strawberry.types import Info

NAMES = {"1": "Chair", "2": "Table", "3": "Lamp"}


@strawberry.type
class Node:
    @strawberry.field
    def next(self) -> "Node | None":
        return Node()


@strawberry.federation.type(keys=["id"], name="Product")
class Product:
    id: strawberry.ID
    name: str


@strawberry.type
class ProductsQuery:
    @strawberry.field
    def products(self, first: int = 2) -> list[Product]:
        return [Product(id=strawberry.ID(id_), name=name) for id_, name in list(NAMES.items())[:first]]

    @strawberry.field
    def node(self) -> Node:
        return Node()

    @strawberry.field
    def headers(self, info: Info[Any, None]) -> list[str]:
        """The headers of the request that asks."""
        return [f"{name}: {value}" for name, value in info.context["headers"]]

    @strawberry.field
    def failure(self) -> str | None:
        raise RuntimeError("the database at 10.0.0.7 said no")


@strawberry.type
class ProductsMutation:
    @strawberry.mutation
    def rename(self, id: strawberry.ID, name: str) -> Product | None:  # noqa: A002 - the argument's name in the graph
        return Product(id=id, name=name)


@strawberry.type
class Review:
    body: str


@strawberry.federation.type(keys=["id"], name="Product")
class ReviewedProduct:
    id: strawberry.ID

    @strawberry.field
    def reviews(self) -> list[Review] | None:
        return [Review(body=f"Good {NAMES[self.id]}")]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "ReviewedProduct":  # noqa: A002 - the key's name in the graph
        return cls(id=id)


class SubgraphApp:
    """The ASGI app of a schema; keeps the bodies that it was sent."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.requests: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await serve_lifespan(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await respond(send, await self._execute(body, scope["headers"]))

    async def _execute(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
        request = msgspec.json.decode(body)
        self.requests.append(request)
        decoded = [(name.decode(), value.decode()) for name, value in headers]
        result = await self._schema.execute(
            request["query"],
            request.get("variables"),
            {"headers": decoded},
            operation_name=request.get("operationName"),
        )
        errors = [error.formatted for error in result.errors or ()]
        return msgspec.json.encode({"data": result.data} | ({"errors": errors} if errors else {}))


async def serve_lifespan(receive: Any, send: Any) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


async def respond(send: Any, body: bytes, content_type: bytes = b"application/json") -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]})
    await send({"type": "http.response.body", "body": body})


def products() -> SubgraphApp:
    return SubgraphApp(Schema(query=ProductsQuery, mutation=ProductsMutation, types=[Product]))


def reviews() -> SubgraphApp:
    return SubgraphApp(Schema(types=[ReviewedProduct]))
