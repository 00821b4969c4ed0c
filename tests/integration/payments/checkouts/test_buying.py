"""Guarantees 11 and 12 of payments' README: what buying comes to, with all services that it takes."""

from typing import Any

import pytest

from tests.integration.payments.checkouts.conftest import TOP_UP, Shop

CHALLENGED = {"provider": "CARD", "token": "pm_card_threeDSecure2Required"}


async def test_a_card_buys(shop: Shop) -> None:
    reservation = await shop.reserve()
    begun = await shop.begin(reservation, provider="CARD", token="pm_card_visa")
    assert begun["state"] == "STARTED"
    sale = await shop.ended(begun["id"])
    assert (sale["state"], sale["failure"], sale["amount"]) == (
        "COMPLETED",
        None,
        {"amount": 2_000, "currency": "EUR"},
    )
    assert [step["state"] for step in sale["timeline"]] == [
        "STARTED",
        "AUTHORISING",
        "COMMITTING",
        "CAPTURING",
        "SHIPPING",
        "COMPLETED",
    ]
    assert [step["version"] for step in sale["timeline"]] == list(range(1, sale["version"] + 1))
    assert sale["reservation"] == {"id": reservation, "checkout": {"id": begun["id"]}}
    assert await shop.stock(reservation) == "COMMITTED"


async def test_a_wallet_buys_and_an_empty_one_does_not(shop: Shop) -> None:
    await shop.ask(TOP_UP, amount=3_000)
    first, second = await shop.reserve(key="1"), await shop.reserve(key="2")
    bought = await shop.ended((await shop.begin(first, key="1", provider="WALLET"))["id"])
    assert bought["state"] == "COMPLETED"
    declined = await shop.ended((await shop.begin(second, key="2", provider="WALLET"))["id"])
    assert (declined["state"], declined["failure"]) == ("FAILED", "DECLINED")
    assert (await shop.stock(first), await shop.stock(second)) == ("COMMITTED", "RELEASED")
    wallet = 'query { _entities(representations: [{__typename: "User", id: "ada"}]) { ... on User { wallet { balance { amount } } } } }'
    assert (await shop.ask(wallet))["_entities"][0]["wallet"]["balance"]["amount"] == 1_000


async def test_a_card_that_is_declined_says_why_and_gives_the_stock_back(shop: Shop) -> None:
    reservation = await shop.reserve()
    token = "pm_card_visa_chargeDeclinedInsufficientFunds"
    sale = await shop.ended((await shop.begin(reservation, provider="CARD", token=token))["id"])
    assert (sale["failure"], sale["detail"]) == ("DECLINED", "insufficient_funds")
    assert await shop.stock(reservation) == "RELEASED"


@pytest.mark.parametrize(("decision", "state"), [("approve", "COMPLETED"), ("refuse", "FAILED")])
async def test_the_payer_is_sent_to_the_bank(shop: Shop, decision: str, state: str) -> None:
    begun = await shop.begin(await shop.reserve(), **CHALLENGED)
    waiting = await shop.until(begun["id"], lambda found: found["actionUrl"] is not None)
    assert waiting["state"] == "AUTHORISING"
    await shop.answer_bank(waiting["actionUrl"], decision)
    sale = await shop.ended(begun["id"])
    assert (sale["state"], sale["actionUrl"]) == (state, None)


async def test_a_payer_who_walks_away_is_not_waited_for_and_keeps_nothing(shop: Shop) -> None:
    reservation = await shop.reserve()
    begun = await shop.begin(reservation, **CHALLENGED)
    await shop.until(begun["id"], lambda found: found["actionUrl"] is not None)
    await shop.run("UPDATE checkout SET deadline = now()")
    sale = await shop.ended(begun["id"])
    assert (sale["failure"], await shop.stock(reservation)) == ("TIMED_OUT", "RELEASED")
    status = await shop.run("SELECT document ->> 'status' FROM provider.intent")
    assert status.scalar_one() == "canceled"


async def test_stock_that_ran_out_meanwhile_lets_the_money_go(shop: Shop) -> None:
    reservation = await shop.reserve()
    begun = await shop.begin(reservation, **CHALLENGED)
    waiting = await shop.until(begun["id"], lambda found: found["actionUrl"] is not None)
    await shop.run("UPDATE inventory.reservation SET expires_at = now()")
    await shop.answer_bank(waiting["actionUrl"], "approve")
    sale = await shop.ended(begun["id"])
    assert sale["failure"] == "RESERVATION_ENDED"
    kinds = await shop.run("SELECT kind FROM provider.entry ORDER BY id")
    assert list(kinds.scalars()) == ["authorised", "canceled"]


async def test_one_key_begins_once_and_a_second_checkout_finds_the_stock_taken(shop: Shop) -> None:
    reservation = await shop.reserve()
    first = await shop.begin(reservation, **CHALLENGED)
    assert (await shop.begin(reservation, **CHALLENGED))["id"] == first["id"]
    other = await shop.begin(reservation, provider="CARD", token="pm_card_visa")
    assert other["__typename"] == "IdempotencyKeyReused"
    second = await shop.begin(reservation, key="2", provider="CARD", token="pm_card_visa")
    assert (await shop.ended(second["id"]))["failure"] == "ALREADY_PAYING"


async def test_anothers_reservation_is_as_absent_as_none(shop: Shop) -> None:
    reservation = await shop.reserve("ada")
    begun = await shop.begin(reservation, "bob", provider="CARD", token="pm_card_visa")
    sale = await shop.ended(begun["id"], "bob")
    assert sale["failure"] == "RESERVATION_NOT_FOUND"
    assert await shop.look(begun["id"], "ada") is None
    assert await shop.stock(reservation) == "HELD"


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ({"provider": "CARD", "token": "4242424242424242"}, "token"),
        ({"provider": "CARD", "token": "pm_4242424242424242"}, "token"),
        ({"provider": "CARD", "token": "visa"}, "token"),
        ({"provider": "CARD"}, "token"),
    ],
)
async def test_what_cannot_be_a_payment_method_is_refused(
    shop: Shop, method: dict[str, Any], field: str
) -> None:
    refused = await shop.begin(await shop.reserve(), **method)
    assert refused == {"__typename": "InvalidInput", "field": field}
    assert (await shop.run("SELECT count(*) FROM checkout")).scalar_one() == 0
