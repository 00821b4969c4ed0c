"""Guarantee 17 of tenants' README: members see a rollout and keys change while it happens, and others see nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.app import ServiceRequest
from common.auth import Caller
from common.live import Live
from subgraphs.tenants.api import Context, schema
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_configurations import APPLY, ORDERS
from tests.integration.tenants.test_keys import REVOKE, issue
from tests.integration.tenants.test_members import REMOVE

ROLLOUT = "subscription ($tenant: ID!) { configRollout(tenantId: $tenant) { version } }"
KEYS = "subscription ($tenant: ID!) { keysChanged(tenantId: $tenant) { id revokedAt } }"

Next = Callable[[], Awaitable[Any]]


@pytest.fixture
async def watch(hall: Hall, environment: dict[str, str]) -> AsyncIterator[Any]:
    """Subscribes for a user in what is another process, but for the process; gives what asks for the next answer."""
    live = Live(environment["NATS_URL"], "tenants")

    @asynccontextmanager
    async def watch(query: str, tenant: str, user: str = "ada") -> AsyncIterator[Next]:
        context = Context.of(ServiceRequest(Caller(user, frozenset(), {}), None), hall.use, live)
        answers: Any = await schema.subscribe(query, {"tenant": tenant}, context_value=context)

        async def following() -> Any:
            async with asyncio.timeout(30):
                return await anext(answers)

        try:
            yield following
        finally:
            await answers.aclose()

    async with live.running():
        yield watch


async def test_a_rollout_is_seen(hall: Hall, watch: Any) -> None:
    bergen = await hall.create("bergen")
    async with watch(ROLLOUT, bergen) as following:
        assert (await following()).data == {"configRollout": None}
        await hall.get(APPLY, tenant=bergen, document=ORDERS)
        assert (await following()).data == {"configRollout": {"version": 1}}


async def test_keys_are_seen_to_change(hall: Hall, watch: Any) -> None:
    bergen = await hall.create("bergen")
    async with watch(KEYS, bergen) as following:
        assert (await following()).data == {"keysChanged": []}
        id_ = (await issue(hall, bergen))["key"]["id"]
        assert (await following()).data == {"keysChanged": [{"id": id_, "revokedAt": None}]}
        revoked = await hall.get(REVOKE, id=id_)
        assert (await following()).data == {"keysChanged": [{"id": id_, **revoked}]}


@pytest.mark.parametrize("query", [ROLLOUT, KEYS])
async def test_who_is_no_member_or_is_none_any_more_sees_nothing(hall: Hall, watch: Any, query: str) -> None:
    bergen = await hall.create("bergen")
    async with watch(query, bergen, "eve") as following:
        assert (await following()).errors
    await hall.join(bergen, "bob", "VIEWER")
    async with watch(query, bergen, "bob") as following:
        assert not (await following()).errors
        await hall.get(REMOVE, tenant=bergen, user="bob")
        await issue(hall, bergen)
        await hall.get(APPLY, tenant=bergen, document=ORDERS)
        assert (await following()).errors
