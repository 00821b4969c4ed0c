"""Guarantees 3 to 5 of payments' README: histories, bounds under many calls at once, and keys that have one effect."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from common.database import Database, RetryableError
from common.idempotency import IdempotencyMismatch
from subgraphs.payments.domain.attempts import Operation
from subgraphs.payments.domain.history import Requested
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import Payment, fold
from subgraphs.payments.errors import NotPossibleError, UnknownPaymentError
from subgraphs.payments.service.books import Books
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.store import history
from subgraphs.payments.store.history import VersionConflictError
from tests.integration.payments.bank import Bank, declines
from tests.integration.payments.conftest import forget

Ledger = Callable[[], Awaitable[dict[str, int]]]
Settle = Callable[[], Awaitable[None]]
CardPayment = Callable[..., Awaitable[UUID]]
Pay = Callable[..., Awaitable[Payment]]


async def current(payments: Payments, payment_id: UUID) -> Payment:
    return (await payments.find("id", [payment_id]))[payment_id]


async def insist(call: Callable[[], Awaitable[Payment]]) -> Payment:
    """As a client does: the same again, while the service has no connection left for it."""
    while True:
        try:
            return await call()
        except RetryableError:
            pass


async def test_a_payment_by_card_is_booked_less_the_fee(
    payments: Payments, card_payment: CardPayment, ledger: Ledger
) -> None:
    payment = await current(payments, await card_payment(1_000, capture=1_000))
    assert (payment.state, payment.captured, payment.fees) == ("CAPTURED", 1_000, 15)
    assert await ledger() == {"CLEARING_CARD": -1_000, "MERCHANT": 985, "FEES": 15}


async def test_a_payment_is_captured_in_parts_and_the_rest_let_go(
    payments: Payments, wallets: Wallets, pay: Pay, runner: AttemptRunner, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 1_500, "k")
    payment_id = (await pay("ada", 1_000, is_bought=False)).id
    for amount, is_last, available in ((300, False, 500), (200, False, 500), (100, True, 900)):
        await payments.capture("clerk", payment_id, amount, f"k{amount}", is_last=is_last)
        await runner.run_due()
        [wallet] = (await wallets.list_for(["ada"]))["ada"]
        assert wallet.available.amount == available
    payment = await current(payments, payment_id)
    assert (payment.state, payment.captured, payment.capturable) == ("CAPTURED", 600, 0)
    assert await ledger() == {"BANK": -1_500, "ada": 900, "MERCHANT": 600}
    with pytest.raises(NotPossibleError):
        await payments.capture("clerk", payment_id, 1, "more")


async def test_captures_that_are_asked_for_at_once_are_done_in_their_order(
    payments: Payments, wallets: Wallets, pay: Pay, runner: AttemptRunner, ledger: Ledger
) -> None:
    await wallets.top_up("ada", 1_000, "k")
    payment_id = (await pay("ada", 1_000, is_bought=False)).id
    await payments.capture("clerk", payment_id, 300, "part", is_last=False)
    await payments.capture("clerk", payment_id, 200, "last")
    with pytest.raises(NotPossibleError, match="0 minor units"):
        await payments.capture("clerk", payment_id, 1, "after the last")
    assert [await runner.run_due() for _ in range(3)] == [1, 1, 0]
    payment = await current(payments, payment_id)
    assert (payment.state, payment.captured) == ("CAPTURED", 500)
    assert await ledger() == {"BANK": -1_000, "ada": 500, "MERCHANT": 500}


async def test_a_provider_that_captures_once_is_not_asked_for_a_part(
    payments: Payments, card_payment: CardPayment
) -> None:
    payment_id = await card_payment(1_000)
    with pytest.raises(NotPossibleError, match="captures once"):
        await payments.capture("clerk", payment_id, 300, "k", is_last=False)


async def test_what_was_authorised_is_let_go(
    payments: Payments, card_payment: CardPayment, settle: Settle, ledger: Ledger
) -> None:
    payment_id = await card_payment(1_000)
    await payments.void("clerk", payment_id, "k")
    await settle()
    assert (await current(payments, payment_id)).state == "VOIDED"
    assert await ledger() == {}


async def test_two_hundred_refunds_at_once_give_no_more_than_was_captured(
    payments: Payments, card_payment: CardPayment, settle: Settle, ledger: Ledger
) -> None:
    payment_id = await card_payment(1_000, capture=700)

    async def refund(number: int) -> str:
        try:
            await insist(lambda: payments.refund("clerk", payment_id, 30, f"k{number}"))
        except NotPossibleError:
            return "refused"
        return "asked"

    async with asyncio.timeout(120):
        answers = Counter(await asyncio.gather(*(refund(number) for number in range(200))))
    assert answers == {"asked": 23, "refused": 177}
    await settle()
    payment = await current(payments, payment_id)
    assert (payment.state, payment.refunded, payment.refundable) == ("PARTIALLY_REFUNDED", 690, 10)
    assert (await ledger())["CLEARING_CARD"] == -10


async def test_a_refund_that_was_declined_may_be_asked_for_again(
    payments: Payments, card_payment: CardPayment, settle: Settle, bank: Bank
) -> None:
    payment_id = await card_payment(1_000, capture=1_000)
    bank.answers.append(declines)
    await payments.refund("clerk", payment_id, None, "first")
    await settle()
    assert (await current(payments, payment_id)).refunded == 0
    await payments.refund("clerk", payment_id, None, "second")
    await settle()
    assert (await current(payments, payment_id)).state == "REFUNDED"


async def test_five_hundred_calls_with_one_key_have_one_effect(
    payments: Payments, card_payment: CardPayment, settle: Settle, bank: Bank
) -> None:
    payment_id = await card_payment(1_000, capture=1_000)
    async with asyncio.timeout(120):
        calls = (insist(lambda: payments.refund("clerk", payment_id, 10, "k")) for _ in range(500))
        await asyncio.gather(*calls)
    await settle()
    assert (await current(payments, payment_id)).refunded == 10
    assert sum(count for key, count in bank.sent.items() if ":refund:" in key) == 1


async def test_the_same_key_for_another_request_is_refused(
    payments: Payments, card_payment: CardPayment
) -> None:
    payment_id = await card_payment(1_000, capture=1_000)
    await payments.refund("clerk", payment_id, 10, "k")
    with pytest.raises(IdempotencyMismatch):
        await payments.refund("clerk", payment_id, 11, "k")
    await payments.refund("another clerk", payment_id, 11, "k")


async def test_a_refund_is_given_once_also_when_its_request_is_forgotten(
    database: Database, payments: Payments, card_payment: CardPayment, settle: Settle
) -> None:
    payment_id = await card_payment(1_000, capture=1_000)
    await payments.refund("clerk", payment_id, 10, "k")
    await forget(database)
    await payments.refund("clerk", payment_id, 10, "k")
    with pytest.raises(IdempotencyMismatch):
        await payments.refund("clerk", payment_id, 11, "k")
    await settle()
    assert (await current(payments, payment_id)).refunded == 10


async def test_what_does_not_exist_is_not_captured_and_leaves_no_key_behind(payments: Payments) -> None:
    for _ in range(2):
        with pytest.raises(UnknownPaymentError):
            await payments.capture("clerk", uuid4(), 1, "k")


@pytest.mark.parametrize("ending", [(True, 985, "CAPTURED"), (False, 585, "CHARGED_BACK")])
async def test_what_a_bank_asks_back_is_set_aside_until_the_dispute_ends(
    database: Database, card_payment: CardPayment, ledger: Ledger, ending: tuple[bool, int, str]
) -> None:
    won, merchant, state = ending
    payments = Payments(database, Operations())
    payment_id = await card_payment(1_000, capture=1_000)
    for _ in range(2):
        payment = await payments.dispute(payment_id, "d1", 400, "fraudulent")
    assert (payment.state, payment.refundable) == ("DISPUTED", 600)
    assert (await ledger())["MERCHANT"] == 985
    with pytest.raises(NotPossibleError, match="585 minor units"):
        await Books(database).pay_out(payment.amount, "too much")
    for _ in range(2):
        payment = await payments.close_dispute(payment_id, "d1", won=won)
    assert payment.state == state
    assert (await ledger())["MERCHANT"] == merchant
    with pytest.raises(NotPossibleError):
        await payments.close_dispute(payment_id, "d1", won=not won)


async def test_what_was_earned_is_paid_out_once_and_no_more_than_that(
    database: Database, card_payment: CardPayment, ledger: Ledger
) -> None:
    await card_payment(1_000, capture=1_000)
    books, half = Books(database), Money(500, "EUR")
    paid = await asyncio.gather(*(books.pay_out(half, "k") for _ in range(20)))
    assert len(set(paid)) == 1
    await forget(database)
    assert await books.pay_out(half, "k") == paid[0]
    with pytest.raises(IdempotencyMismatch):
        await books.pay_out(Money(1, "EUR"), "k")
    with pytest.raises(NotPossibleError, match="485 minor units"):
        await books.pay_out(half, "another")
    assert await ledger() == {"CLEARING_CARD": -1_000, "MERCHANT": 485, "FEES": 15, "BANK": 500}


async def test_payouts_at_once_are_no_more_than_was_earned(
    database: Database, card_payment: CardPayment, ledger: Ledger
) -> None:
    await card_payment(1_000, capture=1_000)
    books = Books(database)
    paid = await asyncio.gather(
        *(books.pay_out(Money(200, "EUR"), f"k{number}") for number in range(10)), return_exceptions=True
    )
    assert Counter(type(each) for each in paid) == {UUID: 4, NotPossibleError: 6}
    assert (await ledger())["MERCHANT"] == 185


async def test_what_was_authorised_is_captured_or_let_go_and_never_both(
    payments: Payments, card_payment: CardPayment, settle: Settle
) -> None:
    payment_id = await card_payment(1_000)
    asked = await asyncio.gather(
        *(payments.capture("clerk", payment_id, None, f"c{number}") for number in range(4)),
        *(payments.void("clerk", payment_id, f"v{number}") for number in range(4)),
        return_exceptions=True,
    )
    assert Counter(type(each) for each in asked) == {Payment: 1, NotPossibleError: 7}
    await settle()
    payment = await current(payments, payment_id)
    assert (payment.state, payment.captured) in {("CAPTURED", 1_000), ("VOIDED", 0)}


async def test_of_two_writers_of_one_version_exactly_one_wins(
    database: Database, card_payment: CardPayment
) -> None:
    payment_id = await card_payment()
    event = Requested(effect_key="x", operation=Operation.CAPTURE, amount=1)

    async def write() -> str:
        try:
            async with database.transaction() as transaction:
                await history.append(transaction, payment_id, 4, [event])
                await asyncio.sleep(0.05)
        except VersionConflictError:
            return "lost"
        return "won"

    assert Counter(await asyncio.gather(*(write() for _ in range(5)))) == {"won": 1, "lost": 4}


async def test_the_table_of_payments_is_what_their_histories_make(
    database: Database, payments: Payments, card_payment: CardPayment, settle: Settle
) -> None:
    made = [await card_payment(1_000, capture=500), await card_payment(800)]
    await payments.refund("clerk", made[0], 200, "k")
    await payments.dispute(made[0], "d", 100, "fraud")
    await settle()
    found = await payments.find("id", made)
    async with database.transaction() as transaction:
        histories = await history.read(transaction, made)
    for payment_id, happened in histories.items():
        replayed = fold(payment_id, [each.event for each in happened], happened[0].at)
        assert replayed == found[payment_id]
        assert [each.version for each in happened] == list(range(1, replayed.version + 1))


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE payment_event SET version = 9", "append-only"),
        ("DELETE FROM payment_event", "append-only"),
        ("UPDATE payment SET body = jsonb_set(body, '{refunded}', '1001')", "payment_amounts"),
        ("UPDATE payment SET body = jsonb_set(body, '{captured}', '1001')", "payment_amounts"),
    ],
)
async def test_the_database_itself_keeps_histories_and_bounds(
    database: Database, card_payment: CardPayment, change: str, broken: str
) -> None:
    await card_payment(1_000, capture=1_000)
    with pytest.raises(DBAPIError, match=broken):
        await execute(database, change)


async def execute(database: Database, statement: str) -> Any:
    async with database.transaction() as transaction:
        return await transaction.execute(statement)
