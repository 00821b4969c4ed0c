"""Guarantee 5 of the provider's README: each webhook is signed and sent until it was taken, and by some cards twice."""

import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import pytest

from common.database import Database
from common.http import Request, Response, Transport, TransportError
from common.settings import Secret
from subgraphs.payments.provider.stripe_events import read_event
from subgraphs.provider.worker import WebhookSender
from tests.integration.provider.conftest import WEBHOOK_SECRET
from tests.integration.provider.test_api import authorise

SECRET = Secret(WEBHOOK_SECRET)


class Merchant:
    """Notes what it is sent; answers with `statuses`, None for no answer, and then with 200."""

    def __init__(self, *statuses: int | None) -> None:
        self.statuses = list(statuses)
        self.taken: list[Request] = []

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ARG002, ASYNC109 - the transport's
        self.taken.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            raise TransportError("connection reset")
        return Response(status, (), b"")

    async def close(self) -> None:
        pass


@pytest.fixture
async def database(provider_environment: Mapping[str, str]) -> AsyncIterator[Database]:
    database = Database.open(provider_environment["DATABASE_URL"], schema="provider")
    yield database
    await database.close()


async def send_all(database: Database, merchant: Merchant) -> None:
    """As often as there is something to send, whatever its pause."""
    sender = WebhookSender(database, merchant, SECRET)
    while await sender.send_due():
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE webhook SET next_at = now() WHERE delivered_at IS NULL")


async def test_a_webhook_is_sent_until_it_was_taken(provider: Transport, database: Database) -> None:
    await authorise(provider, "pm_card_visa")
    merchant = Merchant(500, None, 302)
    await send_all(database, merchant)
    assert len(merchant.taken) == 4
    assert len({request.body for request in merchant.taken}) == 1


async def test_what_is_sent_is_signed_as_stripe_signs(provider: Transport, database: Database) -> None:
    _, intent = await authorise(provider, "pm_card_visa", metadata__op_1="authorise k")
    merchant = Merchant()
    await send_all(database, merchant)
    [request] = merchant.taken
    event = read_event(request.body, dict(request.headers)["stripe-signature"], SECRET, time.time())
    assert (event.type, event.data["object"]["id"]) == (
        "payment_intent.amount_capturable_updated",
        intent["id"],
    )
    assert list(event.effect_keys) == ["k"]


async def test_a_card_may_have_its_webhooks_sent_twice(provider: Transport, database: Database) -> None:
    await authorise(provider, "pm_card_webhooks_twice")
    merchant = Merchant()
    await send_all(database, merchant)
    assert list(Counter(json.loads(request.body)["id"] for request in merchant.taken).values()) == [2]
