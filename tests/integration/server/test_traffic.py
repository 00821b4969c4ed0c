"""A bad day of a subgraph, or of the router: what is told, what is kept, what is sent."""

import asyncio
from typing import Any

import pytest

from gateway.server.config import ConfigError, parse_config
from tests.integration.server.graph import SubgraphApp

QUERY = {"query": "{products {name reviews {body}}}"}
PARTIAL = {"products": [{"name": "Chair", "reviews": None}, {"name": "Table", "reviews": None}]}
WHOLE = {
    "products": [
        {"name": "Chair", "reviews": [{"body": "Good Chair"}]},
        {"name": "Table", "reviews": [{"body": "Good Table"}]},
    ]
}


class Flaky:
    """Answers with `status` as long as `failures` lasts, then as `app` does."""

    def __init__(self, app: SubgraphApp, failures: int, status: int = 503) -> None:
        self._app = app
        self.failures = failures
        self._status = status
        self.requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        if not self.failures:
            await self._app(scope, receive, send)
            return
        self.failures -= 1
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def shaping(text: str, subgraph: str = "reviews") -> Any:
    return parse_config(f"traffic_shaping: {{subgraphs: {{{subgraph}: {{{text}}}}}}}", {})


def codes(answer: Any) -> set[str]:
    return {error["extensions"]["code"] for error in answer.json().get("errors", ())}


async def test_a_failure_that_passes_is_not_seen(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    flaky = Flaky(subgraphs["reviews"], failures=1)
    router = make_router(shaping("experimental_retry: {}"), apps={"reviews": flaky})
    async with client_of(router) as client:
        answer = await client.post("/graphql", json=QUERY)
    assert answer.json() == {"data": WHOLE}
    assert flaky.requests == 2
    sample = router.registry.get_sample_value
    assert sample("http_client_retried_requests_total", {"subgraph": "reviews"}) == 1


async def test_a_mutation_is_sent_once(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    flaky = Flaky(subgraphs["products"], failures=9)
    router = make_router(shaping("experimental_retry: {}", "products"), apps={"products": flaky})
    async with client_of(router) as client:
        answer = await client.post("/graphql", json={"query": 'mutation {rename(id: "1", name: "x") {name}}'})
    assert answer.json()["data"] == {"rename": None}
    assert flaky.requests == 1


async def test_a_circuit_opens_keeps_the_other_data_and_closes(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    flaky = Flaky(subgraphs["reviews"], failures=2)
    breaker = "circuit_breaker: {volume_threshold: 2, reset_timeout: 300ms, half_open_attempts: 1}"
    router = make_router(shaping(breaker), apps={"reviews": flaky})

    def state() -> Any:
        return router.registry.get_sample_value("hansa_router_circuit_breaker_state", {"subgraph": "reviews"})

    async with client_of(router) as client:
        assert state() == 0
        for _ in range(2):
            await client.post("/graphql", json=QUERY)
        assert state() == 2
        answer = await client.post("/graphql", json=QUERY)
        assert (answer.status_code, answer.json()["data"]) == (200, PARTIAL)
        assert codes(answer) == {"SUBGRAPH_CIRCUIT_OPEN"}
        message = "Request to subgraph 'reviews' failed: circuit breaker open"
        assert {error["message"] for error in answer.json()["errors"]} == {message}
        assert flaky.requests == 2
        await asyncio.sleep(0.35)
        answer = await client.post("/graphql", json=QUERY)
    assert answer.json() == {"data": WHOLE}
    assert state() == 0


async def test_a_subgraph_is_not_sent_more_than_its_rate(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    router = make_router(shaping("global_rate_limit: {capacity: 1, interval: 1h}"))
    async with client_of(router) as client:
        first = await client.post("/graphql", json=QUERY)
        second = await client.post("/graphql", json=QUERY)
    assert first.json() == {"data": WHOLE}
    assert second.json()["data"] == PARTIAL
    assert codes(second) == {"SUBGRAPH_RATE_LIMITED"}
    assert len(subgraphs["reviews"].requests) == 1
    refused = {"subgraph": "reviews", "code": "SUBGRAPH_RATE_LIMITED"}
    assert router.registry.get_sample_value("http_client_refused_requests_total", refused) == 1


class Held:
    """Answers as `app` does, once it is released."""

    def __init__(self, app: SubgraphApp) -> None:
        self._app = app
        self.asked, self.released = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        await self.released.wait()
        await self._app(scope, receive, send)


async def test_a_subgraph_that_has_all_it_can_take_costs_its_own_fields(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    held = Held(subgraphs["reviews"])
    router = make_router(shaping("bulkhead: {limit: 1, queue: 0}"), apps={"reviews": held})
    async with client_of(router) as client, asyncio.timeout(10):
        first = asyncio.create_task(client.post("/graphql", json=QUERY))
        await held.asked.wait()
        second = await client.post("/graphql", json=QUERY)
        held.released.set()
        assert (await first).json() == {"data": WHOLE}
    assert second.json()["data"] == PARTIAL
    assert codes(second) == {"SUBGRAPH_OVERLOADED"}


async def test_a_router_with_as_much_as_it_can_take_sheds_the_rest_and_says_when_to_come_again(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    held = Held(subgraphs["products"])
    config = parse_config("traffic_shaping: {router: {concurrency_limit: 1}}", {})
    router = make_router(config, apps={"products": held})
    async with client_of(router) as client, asyncio.timeout(10):
        first = asyncio.create_task(client.post("/graphql", json=QUERY))
        await held.asked.wait()
        shed = await client.post("/graphql", json=QUERY)
        held.released.set()
        assert (await first).json() == {"data": WHOLE}
        after = await client.post("/graphql", json=QUERY)
    assert (shed.status_code, shed.headers["retry-after"]) == (503, "1")
    assert codes(shed) == {"REQUEST_CONCURRENCY_LIMITED"}
    assert after.status_code == 200
    sample = router.registry.get_sample_value("hansa_router_shed_requests_total", {"code": codes(shed).pop()})
    assert sample == 1


async def test_a_refused_request_leaves_room_for_the_next(make_router: Any, client_of: Any) -> None:
    router = make_router(parse_config("traffic_shaping: {router: {concurrency_limit: 1}}", {}))
    async with client_of(router) as client:
        for _ in range(3):
            assert (await client.post("/graphql", json={"query": "{"})).json()["errors"]
        assert (await client.post("/graphql", json=QUERY)).json() == {"data": WHOLE}


async def test_a_router_takes_no_more_requests_than_its_rate(make_router: Any, client_of: Any) -> None:
    limit = "global_rate_limit: {capacity: 2, interval: 10h}"
    async with client_of(
        make_router(parse_config(f"traffic_shaping: {{router: {{{limit}}}}}", {}))
    ) as client:
        answers = [await client.post("/graphql", json=QUERY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert codes(answers[2]) == {"REQUEST_RATE_LIMITED"}
    assert 17_990 < int(answers[2].headers["retry-after"]) <= 18_000


def test_mutations_cannot_be_configured_to_be_sent_twice() -> None:
    text = "traffic_shaping:\n  all:\n    experimental_retry:\n      retry_mutations: true\n"
    with pytest.raises(ConfigError, match="may happen twice") as refused:
        parse_config(text, {})
    assert refused.value.line == 4
