"""graphql-transport-ws towards clients, message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from common.http import ProtocolError
from common.streaming import WebSocketClosed
from gateway.server.subscriptions.clients.websocket import connection
from tests.integration.subscriptions.clients import PRICES, Talk, talking
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes


def price(amount: int, id_: str = "a") -> dict[str, Any]:
    return {"id": id_, "type": "next", "payload": {"data": {"priceChanged": {"id": "1", "price": amount}}}}


async def prices(talk: Talk) -> AsyncIterator[int]:
    """What is heard until the connection is closed."""
    with suppress(WebSocketClosed):
        while True:
            yield (await talk.hear())["payload"]["data"]["priceChanged"]["price"]


async def closing(talk: Talk) -> tuple[int, str]:
    with pytest.raises(WebSocketClosed) as closed:
        await talk.hear()
    return closed.value.code, closed.value.reason


async def test_a_subscription_is_answered_until_it_is_complete(
    make_router: MakeRouter, changes: Changes
) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe()
        await changes.listeners(1)
        await changes.publish(("1", 5), ("1", 6), None)
        assert [await talk.hear() for _ in range(3)] == [price(5), price(6), {"id": "a", "type": "complete"}]


async def test_what_a_client_completes_ends_at_the_subgraph(
    make_router: MakeRouter, changes: Changes
) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe()
        await changes.listeners(1)
        await talk.say(id="a", type="complete")
        await changes.listeners(0)
        await talk.subscribe()  # the id is free again
        await changes.listeners(1)


async def test_a_connection_carries_several_operations_and_every_kind(
    make_router: MakeRouter, changes: Changes
) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe("a")
        await changes.listeners(1)
        await talk.subscribe("b", "{ products { name } }")
        names = {"data": {"products": [{"name": "Chair"}, {"name": "Table"}]}}
        assert await talk.hear() == {"id": "b", "type": "next", "payload": names}
        assert await talk.hear() == {"id": "b", "type": "complete"}
        await talk.subscribe("c", "mutation { touch }")
        assert await talk.hear() == {"id": "c", "type": "next", "payload": {"data": {"touch": True}}}
        assert await talk.hear() == {"id": "c", "type": "complete"}
        await changes.publish(("1", 5))
        assert await talk.hear() == price(5)


async def test_an_operation_that_is_not_valid_is_refused_and_the_connection_goes_on(
    make_router: MakeRouter,
) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe("a", "subscription { nothing }")
        refused = await talk.hear()
        assert (refused["id"], refused["type"]) == ("a", "error")
        assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await talk.say(type="ping")
        assert await talk.hear() == {"type": "pong"}


async def test_a_source_that_breaks_off_is_an_error_of_the_operation(make_router: MakeRouter) -> None:
    async with talking(make_router(prices_url="http://127.0.0.1:9/graphql")) as talk:
        await talk.begin()
        await talk.subscribe()
        failed = await talk.hear()
        assert (failed["id"], failed["type"]) == ("a", "error")
        assert failed["payload"][0]["extensions"] == {"code": "SUBREQUEST_HTTP_ERROR", "service": "prices"}


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        '{"type":"unknown"}',
        '{"type":"subscribe","payload":{}}',
        '{"type":"subscribe","id":"","payload":{}}',
        '{"type":"connection_init","payload":5}',
    ],
)
async def test_what_is_no_message_closes_the_connection(make_router: MakeRouter, text: str) -> None:
    async with talking(make_router()) as talk:
        await talk.say_text(text)
        assert (await closing(talk))[0] == 4400


async def test_a_request_that_is_none_closes_the_connection(make_router: MakeRouter) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.say(id="a", type="subscribe", payload={"query": 5})
        assert (await closing(talk))[0] == 4400


async def test_nothing_is_run_before_the_connection_is_acknowledged(make_router: MakeRouter) -> None:
    async with talking(make_router()) as talk:
        await talk.subscribe()
        assert await closing(talk) == (4401, "Unauthorized")


async def test_a_connection_is_initialised_once(make_router: MakeRouter) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.say(type="connection_init")
        assert await closing(talk) == (4429, "Too many initialisation requests")


async def test_an_id_has_one_operation_at_a_time(make_router: MakeRouter, changes: Changes) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe()
        await talk.subscribe()
        assert await closing(talk) == (4409, "Subscriber for a already exists")
    await changes.listeners(0)


async def test_a_connection_is_initialised_in_time(
    make_router: MakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "INIT_TIMEOUT", 0.01)
    async with talking(make_router()) as talk:
        assert (await closing(talk))[0] == 4408


async def test_a_message_has_as_many_bytes_as_a_requests_body(make_router: MakeRouter) -> None:
    async with talking(make_router(configured("limits: {http_max_request_bytes: 100}"))) as talk:
        await talk.say(type="connection_init", payload={"x": "y" * 101})
        assert (await closing(talk))[0] == 1009


async def test_another_subprotocol_is_not_spoken(make_router: MakeRouter) -> None:
    with pytest.raises(ProtocolError):
        async with talking(make_router(), subprotocol="graphql-ws"):
            pass


async def test_a_client_that_goes_away_ends_its_subscriptions(
    make_router: MakeRouter, changes: Changes
) -> None:
    async with talking(make_router()) as talk:
        await talk.begin()
        await talk.subscribe("a")
        await talk.subscribe("b", PRICES.replace("id price", "price"))
        await changes.listeners(2)
    await changes.listeners(0)


async def test_a_router_that_stops_closes_with_a_code_after_which_clients_connect_again(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with talking(router) as talk:
        await talk.begin()
        await talk.subscribe()
        await changes.listeners(1)
        router.end_subscriptions()
        assert await closing(talk) == (1012, "The router stops")
    await changes.listeners(0)


ORIGINS = "cors: {policies: [{origins: [https://app.example]}, {origins: [https://own.example], allow_credentials: true}]}"


@pytest.mark.parametrize(
    ("origin", "sent"),
    [
        (None, "a=b"),
        ("http://router", "a=b"),
        ("https://app.example", None),
        ("https://own.example", "a=b"),
    ],
)
async def test_a_page_speaks_for_its_user_where_cors_would_let_it(
    make_router: MakeRouter, changes: Changes, origin: str | None, sent: str | None
) -> None:
    config = configured(ORIGINS + "\nheaders: {all: {request: [{propagate: {named: cookie}}]}}")
    headers = (("cookie", "a=b"), *((("origin", origin),) if origin else ()))
    async with talking(make_router(config), headers) as talk:
        await talk.begin()
        await talk.subscribe()
        await changes.listeners(1)
    assert changes.seen[0].get("cookie") == sent


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://router.evil.example"])
async def test_a_page_of_another_site_opens_no_websocket(make_router: MakeRouter, origin: str) -> None:
    with pytest.raises(ProtocolError, match="did not accept"):
        async with talking(make_router(configured(ORIGINS)), (("origin", origin),)):
            pass


async def test_texts_of_the_payload_become_headers(make_router: MakeRouter, changes: Changes) -> None:
    config = configured("headers: {all: {request: [{propagate: {matching: '.*'}}]}}")
    payload = {
        "Authorization": "Bearer x",
        "headers": {"x-tenant": "t1", "hansa-internal": "1", "host": "evil", "bad name": "x", "x-n": 5},
    }
    async with talking(make_router(config), (("authorization", "Bearer old"),)) as talk:
        await talk.begin(payload)
        await talk.subscribe()
        await changes.listeners(1)
    seen = changes.seen[0]
    assert (seen["authorization"], seen["x-tenant"], seen["host"]) == ("Bearer x", "t1", "prices")
    assert not {"hansa-internal", "bad name", "x-n"} & seen.keys()


async def test_a_client_that_makes_no_room_is_let_go_and_holds_up_nobody(
    make_router: MakeRouter, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_STALLED", 0.05)
    router = make_router()
    async with talking(router) as stalled, talking(router) as talk:
        for each in (stalled, talk):
            await each.begin()
            await each.subscribe()
        await changes.listeners(1)
        await asyncio.sleep(0.1)
        for number in range(60):
            await changes.publish(("1", number))
            assert await talk.hear() == price(number)
        await asyncio.sleep(0.2)
        await changes.publish(None)
        assert (await talk.hear())["type"] == "complete"
        heard = [number async for number in prices(stalled)]
        assert len(heard) < 60
