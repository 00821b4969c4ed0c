"""Response streams over HTTP: server-sent events in both modes, and Apollo's multipart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from common.http import Request
from common.streaming import StreamedResponse, open_streams
from gateway.server.app import create_router_app
from gateway.server.asgi import ASGIApp
from gateway.server.config import RouterConfig
from gateway.server.subscriptions.clients import framing
from tests.integration.server.serving import serving
from tests.integration.subscriptions.clients import PRICES, events, parts, streamed
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes

MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


def client(router: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(router), base_url="http://router")


def priced(amount: int) -> dict[str, Any]:
    return {"data": {"priceChanged": {"id": "1", "price": amount}}}


async def test_multipart_wraps_each_response_as_a_payload(make_router: MakeRouter, changes: Changes) -> None:
    async with streamed(make_router(), accept=MULTIPART) as response:
        assert response.header("content-type") == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        received = parts(response)
        await changes.listeners(1)
        await changes.publish(("1", 5))
        assert await anext(received) == {"payload": priced(5)}
        await changes.publish(None)
        assert await anext(received) is None


async def test_multipart_tells_what_ended_the_stream_beside_the_payload(make_router: MakeRouter) -> None:
    router = make_router(prices_url="http://127.0.0.1:9/graphql")
    async with streamed(router, accept=MULTIPART) as response:
        failed, last = [part async for part in parts(response)]
    assert failed["payload"] is None
    assert failed["errors"][0]["extensions"]["code"] == "SUBREQUEST_HTTP_ERROR"
    assert last is None


@pytest.mark.parametrize(("accept", "sign"), [(MULTIPART, b"{}"), ("text/event-stream", b":\n\n")])
async def test_a_silent_stream_gives_signs_of_life(
    make_router: MakeRouter, monkeypatch: pytest.MonkeyPatch, accept: str, sign: bytes
) -> None:
    monkeypatch.setattr(framing, "HEARTBEAT", 0.01)
    async with streamed(make_router(), accept=accept) as response:
        pieces = aiter(response.pieces)
        await anext(pieces)
        for _ in range(3):
            assert sign in await anext(pieces)


async def test_a_subscription_needs_a_client_that_takes_a_stream(make_router: MakeRouter) -> None:
    async with client(make_router()) as http:
        answer = await http.post("/graphql", json={"query": PRICES})
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_BAD_HEADER"


async def test_a_subscription_is_not_served_where_it_is_switched_off(make_router: MakeRouter) -> None:
    async with client(make_router(RouterConfig())) as http:
        answer = await http.post("/graphql", json={"query": PRICES})
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_OPERATION"
        answer = await http.post("/graphql", json={"query": PRICES}, headers={"accept": "text/event-stream"})
        assert answer.status_code == 406
        assert (await http.put("/graphql")).status_code == 405


async def test_a_batch_holds_no_subscription(make_router: MakeRouter) -> None:
    router = make_router(configured("batching: {enabled: true, mode: batch_http_link}"))
    async with client(router) as http:
        answer = await http.post("/graphql", json=[{"query": PRICES}])
    assert answer.json()[0]["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NOT_ALONE"


async def test_any_operation_is_answered_as_events_to_who_asks_for_them(make_router: MakeRouter) -> None:
    async with client(make_router()) as http:
        for query, first in (
            ("{ prices }", '{"data":{"prices":2}}'),
            ("{ nothing }", '{"errors":[{"message":"Cannot query field'),
        ):
            answer = await http.post(
                "/graphql", json={"query": query}, headers={"accept": "text/event-stream"}
            )
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.text.startswith("event: next\ndata: " + first)
            assert answer.text.endswith("\n\nevent: complete\ndata:\n\n")


async def test_a_query_of_one_who_would_take_parts_is_answered_as_json(make_router: MakeRouter) -> None:
    async with client(make_router()) as http:
        answer = await http.post("/graphql", json={"query": "{ prices }"}, headers={"accept": MULTIPART})
    assert (answer.headers["content-type"], answer.json()) == (
        "application/json; charset=utf-8",
        {"data": {"prices": 2}},
    )


async def test_a_page_of_another_site_opens_no_event_source(make_router: MakeRouter) -> None:
    headers = {"accept": "text/event-stream", "origin": "https://evil.example"}
    async with client(make_router()) as http:
        answer = await http.get("/graphql", params={"query": PRICES}, headers=headers)
    assert answer.json()["errors"][0]["extensions"]["code"] == "CSRF_ERROR"


@asynccontextmanager
async def reserved(router: ASGIApp) -> AsyncIterator[tuple[str, StreamedResponse]]:
    """A token, and the stream that is opened with it."""
    async with client(router) as http:
        answer = await http.put("/graphql")
    assert answer.status_code == 201
    token = answer.text
    headers = (("accept", "text/event-stream"), ("x-graphql-event-stream-token", token))
    streams = open_streams("app://router/graphql", apps={"router": router})
    async with streams.send(Request(method="GET", headers=headers)) as response:
        yield token, response


def operation(query: str, id_: str = "a") -> bytes:
    return msgspec.json.encode({"query": query, "extensions": {"operationId": id_}})


async def test_a_reserved_stream_carries_several_operations(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with reserved(router) as (token, response), client(router) as http:
        headers = {"x-graphql-event-stream-token": token, "content-type": "application/json"}
        received = events(response)
        answer = await http.post("/graphql", content=operation(PRICES), headers=headers)
        assert (answer.status_code, answer.text) == (202, "")
        await changes.listeners(1)
        await http.post("/graphql", content=operation("{ prices }", "b"), headers=headers)
        assert await anext(received) == ("next", {"id": "b", "payload": {"data": {"prices": 2}}})
        assert await anext(received) == ("complete", {"id": "b"})
        await changes.publish(("1", 5))
        assert await anext(received) == ("next", {"id": "a", "payload": priced(5)})
        again = await http.post("/graphql", content=operation(PRICES), headers=headers)
        assert again.status_code == 409
        stopped = await http.delete("/graphql", params={"operationId": "a"}, headers=headers)
        assert stopped.status_code == 200
        await changes.listeners(0)
        await http.post("/graphql", content=operation("{ nothing }"), headers=headers)
        _, refused = await anext(received)
        assert refused["payload"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_reserved_stream_ends_its_operations_with_it(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with reserved(router) as (token, _), client(router) as http:
        headers = {"x-graphql-event-stream-token": token, "content-type": "application/json"}
        await http.post("/graphql", content=operation(PRICES), headers=headers)
        await changes.listeners(1)
        headers = {"accept": "text/event-stream"}
        second = await http.get("/graphql", params={"token": token}, headers=headers)
        assert second.status_code == 409
    await changes.listeners(0)
    async with client(router) as http:
        gone = await http.get("/graphql", params={"token": token}, headers=headers)
    assert gone.status_code == 404


async def test_a_stream_that_nobody_reserved_is_not_found(make_router: MakeRouter) -> None:
    headers = {"x-graphql-event-stream-token": "x", "content-type": "application/json"}
    async with client(make_router()) as http:
        assert (await http.get("/graphql", headers=headers)).status_code == 404
        answer = await http.post("/graphql", content=operation(PRICES), headers=headers)
        assert answer.json()["errors"][0]["extensions"]["code"] == "STREAM_NOT_FOUND"
        assert (await http.delete("/graphql", headers=headers)).status_code == 404


async def test_a_stream_ends_uncompleted_where_the_router_stops_so_that_clients_ask_again(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with streamed(router) as response:
        await changes.listeners(1)
        router.end_subscriptions()
        assert [event async for event in events(response)] == []


@pytest.mark.parametrize("accept", ["text/event-stream", MULTIPART])
async def test_a_client_that_hangs_up_ends_its_stream(
    make_router: MakeRouter, changes: Changes, accept: str
) -> None:
    body = msgspec.json.encode({"query": PRICES})
    request = Request(body=body, headers=(("content-type", "application/json"), ("accept", accept)))
    async with serving(create_router_app(make_router())) as url:
        async with open_streams(f"{url}/graphql").send(request):
            await changes.listeners(1)
        await changes.listeners(0)
