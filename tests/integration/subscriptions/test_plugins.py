"""Plugins stand in the way of subscriptions as of anything else."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from common.streaming import WebSocketClosed
from gateway.server.plugins import NoConfig, Plugin, SubgraphRequest, SupergraphRequest
from tests.integration.server.issuer import Issuer
from tests.integration.subscriptions.clients import NAMED_PRICES, events, streamed, talking
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes
from tests.integration.subscriptions.test_authentication import ACCESS

PLUGINS = "plugins: {subscription_plugins.Watch: {}}"


class Watch(Plugin[NoConfig]):
    """Notes what it sees."""

    supergraph: list[str]
    subgraphs: list[str]

    async def supergraph_request(self, request: SupergraphRequest) -> None:
        Watch.supergraph.append(request.query)

    async def subgraph_request(self, request: SubgraphRequest) -> None:
        Watch.subgraphs.append(request.subgraph)


@pytest.fixture(autouse=True)
def module() -> Iterator[None]:
    Watch.supergraph, Watch.subgraphs = [], []
    made = ModuleType("subscription_plugins")
    made.Watch = Watch  # type: ignore[attr-defined]
    sys.modules["subscription_plugins"] = made
    yield
    del sys.modules["subscription_plugins"]


@pytest.mark.parametrize("over", ["a websocket", "events"])
async def test_hooks_see_the_operation_and_what_is_fetched_for_its_events(
    make_router: MakeRouter, changes: Changes, over: str
) -> None:
    router = make_router(configured(PLUGINS))
    if over == "events":
        async with streamed(router, NAMED_PRICES) as response:
            await changes.listeners(1)
            await changes.publish(("1", 5), None)
            assert [name async for name, _ in events(response)] == ["next", "complete"]
    else:
        async with talking(router) as talk:
            await talk.begin()
            await talk.subscribe("a", NAMED_PRICES)
            await changes.listeners(1)
            await changes.publish(("1", 5), None)
            assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]
    assert (Watch.supergraph, Watch.subgraphs) == ([NAMED_PRICES], ["catalog"])


async def test_a_connection_needs_a_token_all_the_same(make_router: MakeRouter) -> None:
    router = make_router(configured(ACCESS + PLUGINS), identity=Issuer())
    async with talking(router) as talk:
        await talk.say(type="connection_init")
        with pytest.raises(WebSocketClosed) as closed:
            await talk.hear()
    assert closed.value.code == 4403
