import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import strawberry
from litestar import Litestar, get

from common.app import ServiceRequest, create_service, running, subgraph_schema
from common.database import RetryableError
from common.errors import DomainError, UnauthenticatedError
from common.http import Request, Response, open_transport
from common.settings import ServiceSettings
from common.streaming import Streams, open_streams
from common.telemetry import Telemetry


class Settings(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "harbour"


class HarbourClosedError(DomainError):
    code = "HARBOUR_CLOSED"
    status = 409


@strawberry.type
class Query:
    @strawberry.field
    def ships(self) -> int:
        return 3

    @strawberry.field
    def crew(self, ships: int = 3) -> int | None:
        return ships * 1_000_000

    @strawberry.field
    def closed(self) -> int | None:
        raise HarbourClosedError("The harbour is closed", until="spring")

    @strawberry.field
    def defect(self) -> int | None:
        raise ValueError("password=hunter2")

    @strawberry.field
    def crowded(self) -> int | None:
        raise RetryableError("QueuePool limit of size 10")

    @strawberry.field
    async def slow(self) -> int:
        await asyncio.sleep(10)
        return 1

    @strawberry.field
    def subject(self, info: strawberry.Info[ServiceRequest, None]) -> str:
        if info.context.caller is None:
            raise UnauthenticatedError
        return info.context.caller.subject

    @strawberry.field
    def client(self, info: strawberry.Info[ServiceRequest, None]) -> str | None:
        return info.context.client_address

    @strawberry.field
    def not_json(self) -> strawberry.scalars.JSON:
        return strawberry.scalars.JSON(object())


@strawberry.type
class Subscription:
    ended: ClassVar[asyncio.Event]
    """Set when a stream of `tides` has been closed."""

    @strawberry.subscription
    async def tides(self, until: int, *, rest: bool = False) -> AsyncGenerator[int, None]:
        try:
            for level in range(until):
                yield level
            if rest:
                await asyncio.sleep(60)
            raise HarbourClosedError("The harbour is closed", until="spring")
        finally:
            Subscription.ended.set()


@get("/door", sync_to_thread=False)
def door() -> dict[str, str]:
    raise HarbourClosedError("The harbour is closed", until="spring")


@get("/crowded", sync_to_thread=False)
def crowded() -> dict[str, str]:
    raise RetryableError("QueuePool limit of size 10")


@get("/defect", sync_to_thread=False)
def defect() -> dict[str, str]:
    raise ValueError("password=hunter2")


@dataclass
class Harbour:
    """A service of one query type, started; `depth` is what its readiness check raises, if anything."""

    app: Litestar
    send: Callable[[Request], Awaitable[Response]]
    streams: Streams
    stream_ended: asyncio.Event

    async def ask(self, query: str, *, headers: tuple[tuple[str, str], ...] = (), **members: Any) -> Response:
        body = json.dumps({"query": query, **members}).encode()
        headers = (("content-type", "application/json"), *headers)
        return await self.send(Request(path="/graphql", body=body, headers=headers))

    async def get(self, path: str, *headers: tuple[str, str]) -> Response:
        return await self.send(Request(path=path, method="GET", headers=headers))


@pytest.fixture
def depth() -> list[Exception]:
    return []


@pytest.fixture
async def harbour(depth: list[Exception]) -> AsyncIterator[Harbour]:
    async def sounding() -> None:
        if depth:
            raise depth[0]

    app = create_service(
        settings=Settings(issuer="https://issuer.example", jwks_url="http://127.0.0.1:9/jwks"),
        telemetry=Telemetry("harbour", {}),
        schema=subgraph_schema(query=Query, subscription=Subscription),
        context=lambda request: request,
        route_handlers=[door, crowded, defect],
        readiness={"depth": sounding},
    )
    Subscription.ended = asyncio.Event()
    transport = open_transport("app://harbour/graphql", apps={"harbour": app})
    streams = open_streams("app://harbour/graphql", apps={"harbour": app})
    async with running(app):
        yield Harbour(app, transport.send, streams, Subscription.ended)
    await transport.close()
