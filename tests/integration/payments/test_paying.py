"""How a reservation is paid from a wallet today: one payment, decided once, refunded once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from common.database import Database
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.events.reservations import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.reservations import Reservations
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.wallets import Wallets
from tests.integration.payments.conftest import hasten

Ledger = Callable[[], Awaitable[dict[str, int]]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Pay = Callable[..., Awaitable[Payment]]
Settle = Callable[[], Awaitable[None]]


async def refund(database: Database, payment: Payment) -> None:
    event = ReservationUnfulfilled(reservation_id=payment.reservation_id, payment_id=payment.id)
    async with database.transaction() as transaction:
        await Reservations(Operations()).on_unfulfilled(transaction, event)


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
    assert (payment.state, payment.refusal.code) == ("DECLINED", "INSUFFICIENT_FUNDS")
    assert (await ledger())["ada"] == 1_999
    [(subject, payload)] = await events()
    assert (subject, payload["reason"]) == ("payments.payment.declined", "INSUFFICIENT_FUNDS")


async def test_without_a_wallet_a_payment_waits_a_while(
    database: Database, runner: AttemptRunner, payments: Payments
) -> None:
    event = ReservationHeld(
        reservation_id=uuid4(), owner_id="ada", total_amount=5, currency="EUR", expires_at=datetime.now(UTC)
    )
    async with database.transaction() as transaction:
        await Reservations(Operations()).on_held(transaction, event)
    assert await runner.run_due() == 0
    await hasten(database)
    assert await runner.run_due() == 1
    [payment] = (await payments.find("reservation_id", [event.reservation_id])).values()
    assert (payment.state, payment.refusal.code) == ("DECLINED", "NO_WALLET")


async def test_a_reservation_has_one_payment(
    wallets: Wallets, pay: Pay, settle: Settle, ledger: Ledger, events: Events
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    reservation_id = uuid4()
    made = await asyncio.gather(
        *(pay("ada", 100, reservation_id=reservation_id, until_end=False) for _ in range(10))
    )
    assert len({payment.id for payment in made}) == 1
    await settle()
    assert (await ledger())["MERCHANT"] == 100
    assert len(await events()) == 1


async def test_money_for_what_cannot_be_handed_out_goes_back_once(
    database: Database, wallets: Wallets, pay: Pay, settle: Settle, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 5_000, "k")
    payment = await pay("ada", 2_000)
    await asyncio.gather(*(refund(database, payment) for _ in range(5)))
    await settle()
    assert (await Payments(database, Operations()).find("id", [payment.id]))[payment.id].state == "REFUNDED"
    assert await ledger() == {"ada": 5_000, "BANK": -5_000}


async def test_what_was_not_captured_is_not_refunded(
    database: Database, wallets: Wallets, payments: Payments, pay: Pay, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 1, "k")
    payment = await pay("ada", 2_000)
    await refund(database, payment)
    assert (await payments.find("id", [payment.id]))[payment.id].state == "DECLINED"
    assert (await ledger())["ada"] == 1


async def test_a_refund_for_no_payment_is_a_defect(database: Database, pay: Pay) -> None:
    payment = replace(await pay("ada"), id=uuid4())
    with pytest.raises(LookupError):
        await refund(database, payment)
