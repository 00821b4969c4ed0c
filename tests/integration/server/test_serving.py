"""The router on a socket: when it accepts requests, and how it stops."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.health import Health
from gateway.server.serving import ListenError, open_listener, serve_router
from tests.integration.server.graph import products, serve_lifespan

BODY = {"query": "{products {name}}"}


class Slow:
    """A subgraph that answers once it is released."""

    def __init__(self) -> None:
        self.asked, self.release = asyncio.Event(), asyncio.Event()
        self._app = products()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        await self.release.wait()
        await self._app(scope, receive, send)


async def test_a_request_in_flight_finishes_while_nothing_new_is_accepted(make_router: Any) -> None:
    slow, health = Slow(), Health()
    app = create_router_app(make_router(apps={"products": slow}), health=health)
    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(serve_router(app, listener, health=health, stop=stop, started=started.set))
    await started.wait()
    async with httpx.AsyncClient(base_url=url) as client:
        request = asyncio.create_task(client.post("/graphql", json=BODY))
        await slow.asked.wait()
        assert (await health.ready())[0]
        stop.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not (await health.ready())[0]
        await asyncio.sleep(0.3)
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(base_url=url) as late:
                await late.get("/health/live")
        slow.release.set()
        answer = await request
        assert answer.json() == {"data": {"products": [{"name": "Chair"}, {"name": "Table"}]}}
        await serving


async def test_a_request_that_takes_longer_than_the_grace_is_cut(make_router: Any) -> None:
    slow, health = Slow(), Health()
    app = create_router_app(make_router(apps={"products": slow}), health=health)
    listener, stop, started = open_listener("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(
        serve_router(app, listener, health=health, stop=stop, started=started.set, grace=1)
    )
    await started.wait()
    async with httpx.AsyncClient(base_url=url) as client:
        request = asyncio.create_task(client.post("/graphql", json=BODY))
        await slow.asked.wait()
        stop.set()
        async with asyncio.timeout(10):
            await serving
        outcome = (await asyncio.gather(request, return_exceptions=True))[0]
    assert isinstance(outcome, httpx.HTTPError) or outcome.status_code >= 500


async def test_requests_are_accepted_only_after_the_lifespan_has_started(serve: Any) -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await asyncio.sleep(0.1)
            order.append("ready")
            await serve_lifespan(receive, send)

    async with serve(app):
        order.append("accepting")
    assert order == ["ready", "accepting"]


async def test_an_address_that_was_taken_meanwhile_is_named() -> None:
    first = open_listener("127.0.0.1", 0)
    second = open_listener(*first.getsockname())
    first.listen()
    with first, pytest.raises(ListenError, match="Address already in use"):
        await serve_router(products(), second, health=Health(), stop=asyncio.Event())


async def test_an_app_that_does_not_start_is_an_error() -> None:
    async def broken(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start"):
        await serve_router(broken, open_listener("127.0.0.1", 0), health=Health(), stop=asyncio.Event())
