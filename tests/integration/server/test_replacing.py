"""A router is given another supergraph or configuration while it answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL, parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import products

LIMIT = 10.0
NAMES = {"query": "{products {name}}"}
INTROSPECTION = {"query": "{__schema {queryType {name}}}"}


class Held:
    """The products, once they are released; `asked` is set by a request."""

    def __init__(self) -> None:
        self.asked, self.released = asyncio.Event(), asyncio.Event()
        self._app = products()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        await self.released.wait()
        await self._app(scope, receive, send)


async def answer_of(client: httpx.AsyncClient, body: dict[str, str]) -> Any:
    return (await client.post("/", json=body)).json()


async def test_another_configuration_holds_from_the_next_request_on(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    router = make_router(LOCAL)
    async with client_of(router) as client:
        assert "errors" not in await answer_of(client, INTROSPECTION)
        await router.replace(supergraph, parse_config("supergraph: {introspection: false}", {}))
        assert "errors" in await answer_of(client, INTROSPECTION)


async def test_another_supergraph_is_asked_for_other_fields(
    make_router: Any, client_of: Any, supergraph_sdl: str
) -> None:
    router = make_router()
    other = Supergraph.from_sdl(supergraph_sdl.replace("node: Node", "root: Node"))
    async with client_of(router) as client:
        assert "errors" not in await answer_of(client, {"query": "{node {__typename}}"})
        await router.replace(other, LOCAL)
        assert "errors" in await answer_of(client, {"query": "{node {__typename}}"})


async def test_a_request_under_way_is_finished_before_its_generation_closes(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    held = Held()
    router = make_router(apps={"products": held})
    predecessor = router.generation
    async with asyncio.timeout(LIMIT), client_of(router) as client:
        asking = asyncio.create_task(answer_of(client, NAMES))
        await held.asked.wait()
        retiring = await router.replace(supergraph, LOCAL)
        assert predecessor.retired.is_set()
        assert not retiring.done()
        held.released.set()
        assert (await asking)["data"]["products"]
        await retiring


async def test_a_request_that_takes_too_long_does_not_keep_a_generation(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    held = Held()
    config = parse_config("supergraph: {connection_shutdown_timeout: 50ms}", {})
    router = make_router(config, apps={"products": held})
    async with asyncio.timeout(LIMIT), client_of(router) as client:
        asking = asyncio.create_task(answer_of(client, NAMES))
        await held.asked.wait()
        await (await router.replace(supergraph, config))
        assert (await asking)["errors"]


async def test_a_configuration_that_does_not_fit_leaves_everything_as_it_was(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    router: Router = make_router()
    before = router.generation
    with pytest.raises(ValueError, match="which the supergraph does not have"):
        await router.replace(supergraph, parse_config("override_subgraph_url: {nobody: 'http://x/'}", {}))
    assert router.generation is before
    assert not before.retired.is_set()
    async with client_of(router) as client:
        assert "errors" not in await answer_of(client, NAMES)


async def test_the_metrics_go_on_where_they_were(
    make_router: Any, client_of: Any, supergraph: Supergraph
) -> None:
    router = make_router()
    counted = (
        'http_server_request_duration_seconds_count{method="POST",operation_type="query",status="200"} 2'
    )
    async with client_of(create_router_app(router)) as client:
        await client.post("/graphql", json=NAMES)
        await router.replace(supergraph, LOCAL)
        await client.post("/graphql", json=NAMES)
        assert counted in (await client.get("/metrics")).text


async def test_no_request_fails_while_generations_come_and_go(
    make_router: Any, client_of: Callable[[Any], httpx.AsyncClient], supergraph: Supergraph
) -> None:
    router: Router = make_router()
    replaced = asyncio.Event()

    async def ask_on(client: httpx.AsyncClient) -> list[Any]:
        answers = []
        while not replaced.is_set():
            answers.append(await answer_of(client, NAMES))
        return answers

    async with asyncio.timeout(LIMIT), client_of(router) as client:
        asking: list[Awaitable[list[Any]]] = [asyncio.create_task(ask_on(client)) for _ in range(4)]
        for _ in range(20):
            await router.replace(supergraph, LOCAL)
        replaced.set()
        for answers in await asyncio.gather(*asking):
            assert answers
            assert all("errors" not in answer for answer in answers)
