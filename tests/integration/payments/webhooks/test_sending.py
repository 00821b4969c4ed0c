"""Guarantee 13 of payments' README: each webhook is sent until it was taken, in order for each object, or kept as DEAD."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from common.database import Database
from subgraphs.payments.domain.webhooks import DELAYS, DeliveryState
from subgraphs.payments.service.webhook_sender import WebhookSender
from subgraphs.payments.service.webhooks import Webhooks, tell
from tests.integration.payments.conftest import SECRETS
from tests.integration.payments.webhooks.conftest import ALLOWED, Merchant

Send = Callable[[], Awaitable[None]]
ONE, OTHER = uuid4(), uuid4()


COPY_SECRET = text("""
    UPDATE webhook_endpoint SET secret = (SELECT secret FROM webhook_endpoint WHERE id = :own) WHERE id = :other
""")


async def happen(database: Database, type_: str, object_id: UUID = ONE) -> None:
    async with database.transaction() as transaction:
        await tell(transaction, type_, object_id, {"id": str(object_id)})


def types(merchant: Merchant) -> list[str]:
    return [json.loads(body)["type"] for _, body in merchant.taken]


async def test_the_merchant_verifies_what_it_takes(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    issued = await webhooks.add(merchant.url)
    await happen(database, "checkout.completed")
    await send()
    ((headers, body),) = merchant.taken
    assert Webhook(issued.secret).verify(body, dict(headers))["data"] == {"id": str(ONE)}
    rotated = await webhooks.rotate(issued.endpoint.id)
    assert rotated is not None
    await happen(database, "checkout.completed")
    await send()
    for secret in (issued.secret, rotated.secret):
        Webhook(secret).verify(merchant.taken[1][1], dict(merchant.taken[1][0]))
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE webhook_endpoint SET old_secret_until = old_secret_until - interval '1 day'"
        )
    await happen(database, "checkout.completed")
    await send()
    Webhook(rotated.secret).verify(merchant.taken[2][1], dict(merchant.taken[2][0]))
    with pytest.raises(WebhookVerificationError):
        Webhook(issued.secret).verify(merchant.taken[2][1], dict(merchant.taken[2][0]))


async def test_a_secret_stands_in_the_database_sealed_for_its_endpoint_alone(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    own, other = [(await webhooks.add(merchant.url)).endpoint.id for _ in range(2)]
    async with database.transaction() as transaction:
        kept = (await transaction.execute("SELECT secret FROM webhook_endpoint")).scalars().all()
        await transaction.execute(COPY_SECRET, {"own": own, "other": other})
    assert not any(secret.startswith(b"whsec_") for secret in kept)
    await happen(database, "first")
    await send()
    [taken], [kept_back] = [await webhooks.list_deliveries(id_, None, 10) for id_ in (own, other)]
    assert (taken.state, kept_back.state) == (DeliveryState.DELIVERED, DeliveryState.PENDING)
    assert kept_back.last_error == "the secret was sealed under another key"
    await webhooks.rotate(other)
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE webhook_endpoint SET old_secret = NULL")
    await send()
    assert len(merchant.taken) == 2


async def test_a_secret_of_before_they_were_sealed_signs_until_it_is_rotated(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    issued = await webhooks.add(merchant.url)
    async with database.transaction() as transaction:
        await transaction.execute(
            text("UPDATE webhook_endpoint SET secret = :old"), {"old": issued.secret.encode()}
        )
    await happen(database, "first")
    await send()
    ((headers, body),) = merchant.taken
    Webhook(issued.secret).verify(body, dict(headers))


async def test_what_is_rolled_back_is_not_told(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    await webhooks.add(merchant.url)
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as transaction:
            await tell(transaction, "checkout.completed", ONE, {})
            raise RuntimeError
    await send()
    assert merchant.taken == []


async def test_an_object_waits_for_what_was_not_taken_and_others_do_not(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    await webhooks.add(merchant.url)
    merchant.answers = [500]
    await happen(database, "first")
    await send()
    await happen(database, "second")
    await happen(database, "other", OTHER)
    merchant.taken.clear()
    await send()
    assert sorted(types(merchant)) == ["first", "other"]
    await send()
    assert types(merchant)[2:] == ["second"]
    ids = [headers["webhook-id"] for headers, _ in merchant.taken]
    assert len(set(ids)) == 3


async def test_after_days_it_is_dead_holds_nothing_up_and_can_be_replayed(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    endpoint = (await webhooks.add(merchant.url)).endpoint
    merchant.answers = [503] * (len(DELAYS) + 1)
    await happen(database, "first")
    for _ in range(len(DELAYS) + 1):
        await send()
    (dead,) = await webhooks.list_deliveries(endpoint.id, DeliveryState.DEAD, 10)
    assert (dead.type, dead.attempts, dead.last_status) == ("first", len(DELAYS) + 1, 503)
    await happen(database, "second")
    await send()
    assert types(merchant)[-1] == "second"
    assert await webhooks.replay(dead.id)
    await send()
    assert types(merchant)[-1] == "first"
    assert await webhooks.list_deliveries(endpoint.id, DeliveryState.DEAD, 10) == []
    assert not await webhooks.replay(-1)


async def test_a_redirect_is_no_way_round(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    endpoint = (await webhooks.add(merchant.url)).endpoint
    merchant.answers = [302]
    await happen(database, "first")
    await send()
    (pending,) = await webhooks.list_deliveries(endpoint.id, None, 10)
    assert (pending.state, pending.last_status) == (DeliveryState.PENDING, 302)


async def test_an_endpoint_that_is_gone_is_told_no_more(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    await webhooks.add(merchant.url)
    merchant.answers = [410]
    await happen(database, "first")
    await send()
    await happen(database, "second")
    await send()
    assert types(merchant) == ["first"]
    (endpoint,) = await webhooks.list_endpoints()
    assert not endpoint.is_enabled
    assert await webhooks.remove(endpoint.id)


async def test_a_name_that_leads_inside_is_not_connected_to(database: Database, merchant: Merchant) -> None:
    """`localhost` is no address in the URL: only where it leads tells."""
    url = merchant.url.replace("127.0.0.1", "localhost").replace("http://", "https://")
    webhooks = Webhooks(database, SECRETS)
    endpoint = (await webhooks.add(url)).endpoint
    await happen(database, "first")
    sender = WebhookSender(database, SECRETS)
    await sender.send_due()
    async with asyncio.timeout(20):
        await asyncio.gather(*sender._under_way)
    (pending,) = await webhooks.list_deliveries(endpoint.id, None, 10)
    assert pending.state is DeliveryState.PENDING
    assert "not public" in (pending.last_error or "")
    assert merchant.taken == []


async def test_two_senders_send_each_once(database: Database, webhooks: Webhooks, merchant: Merchant) -> None:
    await webhooks.add(merchant.url)
    for _ in range(20):
        await happen(database, "first", uuid4())
    senders = [WebhookSender(database, SECRETS, ALLOWED) for _ in range(3)]
    await asyncio.gather(*(sender.send_due() for sender in senders))
    async with asyncio.timeout(20):
        await asyncio.gather(*(task for sender in senders for task in sender._under_way))
    assert len({headers["webhook-id"] for headers, _ in merchant.taken}) == len(merchant.taken) == 20


async def test_who_was_stopped_for_too_long_is_not_heard(
    database: Database, webhooks: Webhooks, merchant: Merchant, send: Send
) -> None:
    endpoint = (await webhooks.add(merchant.url)).endpoint
    await happen(database, "first")
    sender = WebhookSender(database, SECRETS, ALLOWED)
    merchant.answers = [500]
    async with database.transaction() as transaction:
        from subgraphs.payments.store import webhooks as store

        (stale,) = await store.claim(transaction, 1)
    merchant.answers = []
    await send()
    await sender._settle(stale, 500, None)
    (delivery,) = await webhooks.list_deliveries(endpoint.id, None, 10)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
