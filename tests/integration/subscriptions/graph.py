"""Two real subgraphs on Strawberry: prices, which change, and a catalog that knows the names of what they are of."""

import asyncio
import warnings
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from litestar import Litestar
from litestar.exceptions import LitestarDeprecationWarning
from strawberry.federation import Schema
from strawberry.litestar import make_graphql_controller
from strawberry.types import Info

from gateway.composition import Subgraph, compose
from gateway.supergraph import Supergraph

PROTOCOLS = ("graphql-transport-ws", "graphql-sse", "multipart-subscription")
NAMES = {"1": "Chair", "2": "Table"}


class Changes:
    """What `priceChanged` tells its subscribers. `seen` are their headers and parameters of `connection_init`."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[tuple[str, int] | Exception | None]] = set()
        self.seen: list[dict[str, str]] = []
        self.opened = 0
        self._changed = asyncio.Condition()

    async def publish(self, *events: tuple[str, int] | Exception | None) -> None:
        """An event, the end (None), or an error that ends the stream."""
        for event in events:
            for queue in self.queues:
                queue.put_nowait(event)
        await asyncio.sleep(0)

    async def listeners(self, count: int) -> None:
        """Waits until so many listen."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: len(self.queues) == count)

    async def listen(self) -> AsyncGenerator[tuple[str, int], None]:
        queue: asyncio.Queue[tuple[str, int] | Exception | None] = asyncio.Queue()
        await self._change(self.queues.add, queue)
        self.opened += 1
        try:
            while (event := await queue.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            await self._change(self.queues.discard, queue)

    async def _change(self, change: Any, queue: Any) -> None:
        async with self._changed:
            change(queue)
            self._changed.notify_all()


@strawberry.federation.type(keys=["id"], name="Product")
class PricedProduct:
    id: strawberry.ID
    price: int


@strawberry.type
class PricesQuery:
    @strawberry.field
    def prices(self) -> int:
        return len(NAMES)


@strawberry.type
class PricesSubscription:
    @strawberry.subscription
    async def price_changed(
        self, info: Info[Any, None], of: strawberry.ID | None = None
    ) -> AsyncGenerator[PricedProduct, None]:
        changes: Changes = info.context["changes"]
        request = info.context["request"] if "request" in info.context else info.context["socket"]
        parameters = info.context.get("connection_params") or {}
        changes.seen.append(
            dict(request.headers) | {f"init:{key}": value for key, value in parameters.items()}
        )
        async for id_, price in changes.listen():
            if of in (None, id_):
                yield PricedProduct(id=strawberry.ID(id_), price=price)

    @strawberry.subscription
    async def countdown(self, start: int) -> AsyncGenerator[PricedProduct | None, None]:
        """Prices down to zero, one after another; below zero a failure."""
        if start < 0:
            raise ValueError("nothing to count")
        for price in range(start, -1, -1):
            yield PricedProduct(id=strawberry.ID("1"), price=price)


@strawberry.federation.type(keys=["id"], name="Product")
class NamedProduct:
    id: strawberry.ID

    @strawberry.field
    def name(self) -> str:
        if self.id not in NAMES:
            raise LookupError(f"no name of {self.id}")
        return NAMES[self.id]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "NamedProduct":  # noqa: A002 - the key's name in the graph
        return cls(id=id)


@strawberry.type
class CatalogQuery:
    @strawberry.field
    def products(self) -> list[NamedProduct]:
        return [NamedProduct(id=strawberry.ID(id_)) for id_ in NAMES]


@strawberry.type
class CatalogMutation:
    @strawberry.mutation
    def touch(self) -> bool:
        return True


PRICES = Schema(query=PricesQuery, subscription=PricesSubscription, types=[PricedProduct])
CATALOG = Schema(query=CatalogQuery, mutation=CatalogMutation, types=[NamedProduct])


def prices_app(changes: Changes) -> Litestar:
    async def context() -> dict[str, Any]:
        return {"changes": changes}

    return _served(PRICES, context)


def catalog_app() -> Litestar:
    return _served(CATALOG)


def _served(schema: Schema, context: Any = None) -> Litestar:
    with warnings.catch_warnings():  # of how Strawberry's controller names its dependencies
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        controller = make_graphql_controller(
            schema, path="/graphql", context_getter=context, subscription_protocols=PROTOCOLS
        )
        return Litestar([controller], logging_config=None)


def supergraph_sdl(prices_url: str, catalog_url: str = "app://catalog/graphql") -> str:
    subgraphs = (
        Subgraph(name="prices", sdl=PRICES.as_str(), url=prices_url),
        Subgraph(name="catalog", sdl=CATALOG.as_str(), url=catalog_url),
    )
    sdl = compose(subgraphs).supergraph_sdl
    assert sdl is not None
    return sdl


def supergraph(prices_url: str = "app://prices/graphql") -> Supergraph:
    return Supergraph.from_sdl(supergraph_sdl(prices_url))
