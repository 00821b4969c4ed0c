"""What becomes of a payment is seen while it happens, by who may see it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.app import ServiceRequest
from common.auth import Caller
from common.database import Database
from common.live import Live
from subgraphs.payments.api import Context, schema
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.services import Services
from tests.integration.payments.conftest import SECRETS

UPDATED = "subscription ($id: ID!) { paymentUpdated(id: $id) { state captured { amount } } }"


@pytest.fixture
async def live(nats_url: str, database: Database) -> AsyncIterator[Live]:
    live = Live(nats_url, "payments")
    live.listen_to(database)
    async with live.running():
        yield live


@pytest.fixture
def watch(database: Database, live: Live) -> Callable[[str, UUID], Any]:
    async def watch(user: str, payment_id: UUID) -> AsyncIterator[Any]:
        context = Context.of(
            ServiceRequest(Caller(user, frozenset(), {}), None),
            Services.of(database, Operations(), SECRETS),
            live,
        )
        source = await schema.subscribe(UPDATED, {"id": str(payment_id)}, context_value=context)
        async with aclosing(source):
            async for result in source:
                assert result.errors is None
                yield result.data["paymentUpdated"]

    return watch


async def test_a_payment_is_seen_as_it_becomes(
    watch: Callable[[str, UUID], Any],
    payments: Payments,
    card_payment: Callable[..., Awaitable[UUID]],
    settle: Callable[[], Awaitable[None]],
) -> None:
    payment_id = await card_payment(1_000)
    async with asyncio.timeout(30), aclosing(watch("ada", payment_id)) as seen:
        assert await anext(seen) == {"state": "AUTHORISED", "captured": {"amount": 0}}
        await payments.capture("clerk", payment_id, None, "k")
        await settle()
        while (now := await anext(seen))["state"] != "CAPTURED":
            pass
        assert now["captured"] == {"amount": 1_000}


async def test_anothers_payment_is_as_absent_as_none(
    watch: Callable[[str, UUID], Any], card_payment: Callable[..., Awaitable[UUID]]
) -> None:
    for payment_id in (await card_payment(1_000), uuid4()):
        assert [seen async for seen in watch("bob", payment_id)] == [None]
