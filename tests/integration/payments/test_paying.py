"""How a wallet pays: one payment, decided once, and told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.service.wallets import Wallets

Ledger = Callable[[], Awaitable[dict[str, int]]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Pay = Callable[..., Awaitable[Payment]]
Settle = Callable[[], Awaitable[None]]


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
