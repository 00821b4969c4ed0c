"""Equal subscriptions share a source stream; a slow one and one too many hurt nobody else."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from prometheus_client import generate_latest

from gateway.server.config.load import parse_config
from gateway.server.router import Router
from tests.integration.subscriptions.clients import NAMED_PRICES, PRICES, events, streamed, talking
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes

PROPAGATED = "headers: {all: {request: [{propagate: {named: authorization}}, {propagate: {named: x-id}}]}}"


def metric(router: Router, name: str) -> float:
    lines = generate_latest(router.registry).decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


async def test_a_hundred_equal_clients_have_one_source_stream(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with AsyncExitStack() as stack:
        responses = [await stack.enter_async_context(streamed(router, NAMED_PRICES)) for _ in range(100)]
        received = [events(response) for response in responses]
        waiting = [asyncio.ensure_future(anext(each)) for each in received]
        await changes.listeners(1)
        await clients(router, 100)
        await changes.publish(("1", 5))
        product = {"id": "1", "price": 5, "name": "Chair"}
        assert await asyncio.gather(*waiting) == [("next", {"data": {"priceChanged": product}})] * 100
        assert (changes.opened, metric(router, "apollo_router_opened_subscriptions")) == (1, 1)
        assert metric(router, "apollo_router_deduplicated_subscriptions_total") == 99
    await changes.listeners(0)
    assert metric(router, "hansa_router_response_streams") == 0


async def clients(router: Router, count: int) -> None:
    """Waits until so many subscribe."""
    while metric(router, "hansa_router_response_streams") < count:  # noqa: ASYNC110 - a metric tells nobody
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("keys", "headers", "streams"),
    [
        ("", ({"authorization": "a"}, {"authorization": "b"}), 2),
        ("", ({"authorization": "a", "x-id": "1"}, {"authorization": "a", "x-id": "2"}), 2),
        (
            "  deduplication: {ignored_headers: [X-Id]}\n",
            ({"authorization": "a", "x-id": "1"}, {"authorization": "a", "x-id": "2"}),
            1,
        ),
        ("  deduplication: {enabled: false}\n", ({}, {}), 2),
        ("", ({"other": "1"}, {"other": "2"}), 1),
    ],
)
async def test_who_asks_for_another_or_as_another_has_a_stream_of_its_own(
    make_router: MakeRouter, changes: Changes, keys: str, headers: tuple[dict[str, str], ...], streams: int
) -> None:
    router = make_router(configured(keys + PROPAGATED))
    async with AsyncExitStack() as stack:
        for each in headers:
            await stack.enter_async_context(streamed(router, headers=tuple(each.items())))
        await changes.listeners(streams)
        await clients(router, len(headers))
        assert changes.opened == streams


async def test_the_source_stream_stays_until_the_last_client_leaves(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with streamed(router) as response:
        async with streamed(router):
            await changes.listeners(1)
        await changes.publish(("1", 5))
        assert (await anext(events(response)))[1]["data"]["priceChanged"]["price"] == 5
    await changes.listeners(0)


async def test_a_slow_client_gets_what_waited_and_an_error_and_the_others_all(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router(configured("  queue_capacity: 5\n"))
    async with streamed(router) as slow, streamed(router) as fast:
        await changes.listeners(1)
        received = events(fast)
        for number in range(60):
            await changes.publish(("1", number))
            assert (await anext(received))[1]["data"]["priceChanged"]["price"] == number
        await changes.publish(None)
        assert [event async for event in received] == [("complete", None)]
        late = [event async for event in events(slow)]
    assert late[-1] == ("complete", None)
    failed = late[-2][1]
    assert failed["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_SLOW_CONSUMER"
    prices = [data["data"]["priceChanged"]["price"] for _, data in late[:-2]]
    assert 5 <= len(prices) < 60
    assert prices == list(range(len(prices)))


async def test_no_more_are_opened_than_there_may_be(make_router: MakeRouter, changes: Changes) -> None:
    router = make_router(configured("  max_opened_subscriptions: 1\n"))
    async with talking(router) as talk:
        await talk.begin()
        await talk.subscribe("a")
        await changes.listeners(1)
        await talk.subscribe("b")
        refused = await talk.hear()
        assert refused["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_MAX_LIMIT"
        await talk.say(id="a", type="complete")
        await changes.listeners(0)
        await talk.subscribe("c")
        await changes.listeners(1)


async def test_a_subgraph_that_nothing_is_configured_for_is_not_subscribed_to(
    make_router: MakeRouter,
) -> None:
    config = parse_config(
        "subscription: {enabled: true, mode: {passthrough: {subgraphs: {catalog: {}}}}}", {}
    )
    async with streamed(make_router(config), PRICES) as response:
        (_, refused), _ = [event async for event in events(response)]
    assert refused["errors"][0]["extensions"]["code"] == "UNSUPPORTED_OPERATION"
