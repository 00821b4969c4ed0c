"""Guarantees 13 and 14 of payments' README, in the graph: operators see webhooks and breaks, and nobody else does."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.payments.checkouts.conftest import PATIENCE, Shop

OPERATOR = {"sub": "oda", "scope": "payments:write"}
RECONCILE = """mutation ($day: Date!) { reconcile(firstDay: $day, lastDay: $day) {
  __typename ... on Reconciliation { lines breaks } ... on InvalidInput { field } } }"""
BREAKS = """query ($isOpen: Boolean! = true) { reconciliationBreaks(isOpen: $isOpen) {
  kind sourceId expected found currency } }"""


async def operate(shop: Shop, query: str, **variables: Any) -> Any:
    answer = await shop.answer(query, OPERATOR, **variables)
    assert "errors" not in answer, answer
    return answer["data"]


async def reconcile(shop: Shop) -> list[str]:
    """The kinds of the breaks that are open afterwards."""
    today = datetime.now(UTC).date().isoformat()
    made = await operate(shop, RECONCILE, day=today)
    found = (await operate(shop, BREAKS))["reconciliationBreaks"]
    assert made["reconcile"]["breaks"] == len(found)
    return sorted(each["kind"] for each in found)


async def test_books_that_agree_have_no_break_and_each_difference_is_one(shop: Shop) -> None:
    sale = await shop.begin(await shop.reserve(), provider="CARD", token="pm_card_visa")
    assert (await shop.ended(sale["id"]))["state"] == "COMPLETED"
    assert await reconcile(shop) == []
    await shop.run("UPDATE provider.entry SET amount = amount - 1, fee = fee + 1 WHERE kind = 'charge'")
    assert await reconcile(shop) == ["AMOUNT", "FEE"]
    await shop.run("UPDATE provider.entry SET amount = amount + 1, fee = fee - 1 WHERE kind = 'charge'")
    assert await reconcile(shop) == []
    assert len((await operate(shop, BREAKS, isOpen=False))["reconciliationBreaks"]) == 2
    await shop.run("UPDATE provider.entry SET source_id = 'ch_stranger' WHERE kind = 'charge'")
    assert await reconcile(shop) == ["MISSING_OURS", "MISSING_THEIRS"]
    assert await reconcile(shop) == ["MISSING_OURS", "MISSING_THEIRS"]


async def test_days_that_are_none_are_refused(shop: Shop) -> None:
    refused = await operate(
        shop, RECONCILE.replace("lastDay: $day", 'lastDay: "2020-01-01"'), day="2026-01-01"
    )
    assert refused["reconcile"] == {"__typename": "InvalidInput", "field": "last"}


ADD = """mutation ($url: String!) { addWebhookEndpoint(url: $url) {
  __typename ... on WebhookSecret { secret endpoint { id url isEnabled } } ... on InvalidInput { field message } } }"""
DELIVERIES = """{ webhookEndpoints { id deliveries { id type state attempts lastError } } }"""


async def test_an_operator_sees_what_became_of_each_delivery(shop: Shop) -> None:
    added = (await operate(shop, ADD, url="https://localhost:9/hooks"))["addWebhookEndpoint"]
    assert added["secret"].startswith("whsec_")
    sale = await shop.begin(await shop.reserve(), provider="CARD", token="pm_card_visa_chargeDeclined")
    await shop.ended(sale["id"])
    async with asyncio.timeout(PATIENCE):
        while True:
            (endpoint,) = (await operate(shop, DELIVERIES))["webhookEndpoints"]
            if endpoint["deliveries"] and endpoint["deliveries"][0]["lastError"]:
                break
            await asyncio.sleep(0.1)
    (delivery,) = endpoint["deliveries"]
    assert (delivery["type"], delivery["state"]) == ("checkout.failed", "PENDING")
    assert "not public" in delivery["lastError"]
    replay = "mutation ($id: ID!) { replayWebhookDelivery(id: $id) }"
    assert (await operate(shop, replay, id=delivery["id"]))["replayWebhookDelivery"]
    refused = (await operate(shop, ADD, url="http://127.0.0.1/"))["addWebhookEndpoint"]
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "url")


@pytest.mark.parametrize(
    "query",
    [
        DELIVERIES,
        BREAKS,
        'mutation { addWebhookEndpoint(url: "https://shop.example") { __typename } }',
        'mutation { rotateWebhookSecret(id: "x") { secret } }',
        'mutation { enableWebhookEndpoint(id: "x") { id } }',
        'mutation { removeWebhookEndpoint(id: "x") }',
        'mutation { replayWebhookDelivery(id: "1") }',
        'mutation { reconcile(firstDay: "2026-01-01", lastDay: "2026-01-01") { __typename } }',
    ],
)
async def test_who_may_not_move_the_houses_money_sees_and_does_nothing_of_it(shop: Shop, query: str) -> None:
    answer = await shop.answer(query, {"sub": "ada", "scope": "graph"})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
