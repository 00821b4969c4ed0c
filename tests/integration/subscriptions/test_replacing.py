"""Streams that are open when the router takes another supergraph or configuration."""

import asyncio
from typing import Any

from gateway.composition import Subgraph, compose
from gateway.supergraph import Supergraph
from tests.integration.subscriptions.clients import NAMED_PRICES, PRICES, events, streamed, talking
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import CATALOG, Changes, prices_app, supergraph

SHOWN = "include_subgraph_errors: {all: true}"


def price(event: tuple[str, Any]) -> int:
    found: int = event[1]["data"]["priceChanged"]["price"]
    return found


async def test_no_event_is_lost_or_told_twice_while_the_router_reloads(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with streamed(router, NAMED_PRICES) as response:
        await changes.listeners(1)

        async def publish() -> None:
            for number in range(60):
                await changes.publish(("1", number))
                await asyncio.sleep(0.005)
            await changes.publish(None)

        async def replace() -> None:
            for _ in range(3):
                await router.replace(supergraph(), configured(SHOWN))
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as group:
            group.create_task(publish())
            group.create_task(replace())
            received = [event async for event in events(response)]
    assert received.pop() == ("complete", None)
    assert list(map(price, received)) == list(range(60))
    assert changes.opened == 1


async def test_events_after_a_reload_are_answered_by_the_new_configuration(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with streamed(router, NAMED_PRICES) as response:
        received = events(response)
        await changes.listeners(1)
        await changes.publish(("9", 5))
        assert (await anext(received))[1]["errors"][0]["message"] == "Subgraph errors redacted"
        await router.replace(supergraph(), configured(SHOWN))
        await asyncio.sleep(0.1)
        await changes.publish(("9", 6))
        assert (await anext(received))[1]["errors"][0]["message"] == "no name of 9"
        assert changes.opened == 1


async def test_a_subgraph_that_has_moved_is_subscribed_to_before_the_old_stream_ends(
    make_router: MakeRouter, changes: Changes
) -> None:
    moved = Changes()
    router = make_router(moved=prices_app(moved))
    async with streamed(router) as response:
        received = events(response)
        await changes.listeners(1)
        await changes.publish(("1", 5))
        await router.replace(supergraph("app://moved/graphql"), configured())
        await moved.listeners(1)
        await changes.listeners(0)
        await moved.publish(("1", 6))
        assert [price(await anext(received)) for _ in range(2)] == [5, 6]


async def test_a_subscription_that_the_new_schema_lacks_ends_with_a_code(
    make_router: MakeRouter, changes: Changes
) -> None:
    without = compose(
        [Subgraph(name="catalog", sdl=CATALOG.as_str(), url="app://catalog/graphql")]
    ).supergraph_sdl
    assert without is not None
    router = make_router()
    async with streamed(router) as response:
        await changes.listeners(1)
        await router.replace(Supergraph.from_sdl(without), configured())
        (_, failed), last = [event async for event in events(response)]
    assert failed["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_SCHEMA_RELOAD"
    assert last == ("complete", None)
    await changes.listeners(0)


async def test_a_connection_asks_the_new_supergraph_what_it_asks_from_then_on(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with talking(router) as talk:
        await talk.begin()
        await router.replace(supergraph(), configured(SHOWN))
        await talk.subscribe("a", NAMED_PRICES)
        await changes.listeners(1)
        await changes.publish(("9", 5))
        assert (await talk.hear())["payload"]["errors"][0]["message"] == "no name of 9"


async def test_a_retired_generation_waits_for_no_stream_that_has_moved(
    make_router: MakeRouter, changes: Changes
) -> None:
    router = make_router()
    async with talking(router) as talk:
        await talk.begin()
        await talk.subscribe("a", PRICES)
        await changes.listeners(1)
        async with asyncio.timeout(5):
            await (await router.replace(supergraph(), configured()))
        await changes.publish(("1", 5))
        assert (await talk.hear())["type"] == "next"
