"""Guarantees 3 to 5 of payments' README: one payment for a reservation, decided once, refunded once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from common.database import Database
from subgraphs.payments.domain.payments import DeclineReason, Payment
from subgraphs.payments.events.reservations import ReservationUnfulfilled
from subgraphs.payments.service.payments import Payments, on_reservation_unfulfilled
from subgraphs.payments.service.wallets import Wallets

Ledger = Callable[[], Awaitable[dict[str, int]]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Pay = Callable[..., Awaitable[Payment]]


async def refund(database: Database, payment: Payment) -> None:
    event = ReservationUnfulfilled(reservation_id=payment.reservation_id, payment_id=payment.id)
    async with database.transaction() as transaction:
        await on_reservation_unfulfilled(transaction, event)


async def wait_for_wallet(database: Database) -> None:
    """Turn the database's clock past the time that a payment waits for a wallet."""
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE payment SET created_at = created_at - interval '10 s'")


async def test_a_payment_takes_the_money(wallets: Wallets, pay: Pay, ledger: Ledger, events: Events) -> None:
    await wallets.top_up("ada", 5_000, "k")
    payment = await pay("ada", 2_000)
    assert payment.state == "CAPTURED"
    assert await ledger() == {"ada": 3_000, "BANK": -5_000, "MERCHANT": 2_000}
    [(subject, payload)] = await events()
    assert subject == "payments.payment.captured"
    assert payload == {
        "payment_id": str(payment.id),
        "reservation_id": str(payment.reservation_id),
        "payer_id": "ada",
        "amount": 2_000,
        "currency": "EUR",
    }


async def test_too_little_money_is_declined(
    wallets: Wallets, pay: Pay, ledger: Ledger, events: Events
) -> None:
    await wallets.top_up("ada", 1_999, "k")
    payment = await pay("ada", 2_000)
    assert (payment.state, payment.decline_reason) == ("DECLINED", DeclineReason.INSUFFICIENT_FUNDS)
    assert (await ledger())["ada"] == 1_999
    [(subject, payload)] = await events()
    assert (subject, payload["reason"]) == ("payments.payment.declined", "INSUFFICIENT_FUNDS")


async def test_what_expired_before_it_arrived_is_declined(wallets: Wallets, pay: Pay) -> None:
    await wallets.top_up("ada", 5_000, "k")
    payment = await pay("ada", 2_000, minutes=-1)
    assert (payment.state, payment.decline_reason) == ("DECLINED", DeclineReason.RESERVATION_EXPIRED)


async def test_without_a_wallet_a_payment_waits_a_while_and_is_declined(
    database: Database, payments: Payments, pay: Pay, events: Events
) -> None:
    payment = await pay("ada")
    assert payment.state == "PENDING"
    await payments.decide_pending()
    assert await events() == []
    await wait_for_wallet(database)
    await payments.decide_pending()
    payment = (await payments.find("id", [payment.id]))[payment.id]
    assert (payment.state, payment.decline_reason) == ("DECLINED", DeclineReason.NO_WALLET)
    [(_, payload)] = await events()
    assert payload["reason"] == "NO_WALLET"


async def test_a_wallet_that_is_opened_meanwhile_pays(
    wallets: Wallets, payments: Payments, pay: Pay, ledger: Ledger, events: Events
) -> None:
    enough, too_much, other = await pay("ada", 600), await pay("ada", 500), await pay("bob", 1)
    await wallets.top_up("ada", 1_000, "k")
    await asyncio.gather(*(payments.decide_pending() for _ in range(3)))
    found = await payments.find("id", [enough.id, too_much.id, other.id])
    assert [found[made.id].state for made in (enough, too_much, other)] == ["CAPTURED", "DECLINED", "PENDING"]
    assert (await ledger())["ada"] == 400
    assert len(await events()) == 2


async def test_a_reservation_has_one_payment(
    wallets: Wallets, pay: Pay, ledger: Ledger, events: Events
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    reservation_id = uuid4()
    made = await asyncio.gather(*(pay("ada", 100, reservation_id=reservation_id) for _ in range(10)))
    assert len({payment.id for payment in made}) == 1
    assert (await ledger())["MERCHANT"] == 100
    assert len(await events()) == 1


async def test_money_for_what_cannot_be_handed_out_goes_back_once(
    database: Database, wallets: Wallets, pay: Pay, ledger: Ledger, events: Events
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    payment = await pay("ada", 2_000)
    await asyncio.gather(*(refund(database, payment) for _ in range(5)))
    assert (await Payments(database).find("id", [payment.id]))[payment.id].state == "REFUNDED"
    assert await ledger() == {"ada": 5_000, "BANK": -5_000, "MERCHANT": 0}
    assert [subject for subject, _ in await events()].count("payments.payment.refunded") == 1


async def test_what_was_not_captured_is_not_refunded(
    database: Database, wallets: Wallets, payments: Payments, pay: Pay, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 1, "k")
    payment = await pay("ada", 2_000)
    await refund(database, payment)
    assert (await payments.find("id", [payment.id]))[payment.id].state == "DECLINED"
    assert (await ledger())["ada"] == 1


async def test_a_refund_for_no_payment_is_a_defect(database: Database, pay: Pay) -> None:
    payment = await pay("ada")
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM payment")
    with pytest.raises(LookupError):
        await refund(database, payment)
