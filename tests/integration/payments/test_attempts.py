"""Guarantee 6 of payments' README: a provider is asked what became of a call before it is called again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from common.database import Database
from subgraphs.payments.domain.attempts import Attempt, AttemptState, ProviderName
from subgraphs.payments.provider.port import Declined, Outcome, Succeeded
from subgraphs.payments.service import runner as runner_module
from subgraphs.payments.service.operations import AttemptOutcome, Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.recording import MAX_DELAY, backoff
from subgraphs.payments.service.runner import AttemptRunner
from tests.integration.payments.bank import Bank, declines, demands_action, loses_answer, loses_request
from tests.integration.payments.conftest import hasten

CardPayment = Callable[..., Awaitable[UUID]]
Settle = Callable[[], Awaitable[None]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Ledger = Callable[[], Awaitable[dict[str, int]]]


async def attempt_of(payments: Payments, payment_id: UUID) -> Attempt:
    return (await payments.find_attempts([payment_id]))[payment_id][-1]


async def test_an_answer_that_was_lost_is_asked_for_and_nothing_is_sent_again(
    payments: Payments, card_payment: CardPayment, bank: Bank
) -> None:
    bank.answers.append(loses_answer)
    payment_id = await card_payment()
    attempt = await attempt_of(payments, payment_id)
    assert (attempt.state, attempt.tries) == (AttemptState.SUCCEEDED, 2)
    assert (bank.sent[attempt.effect_key], bank.found[attempt.effect_key]) == (1, 1)


async def test_an_operation_is_marked_as_sent_before_the_provider_is_asked(
    database: Database, payments: Payments, card_payment: CardPayment
) -> None:
    payment_id = await card_payment()
    await payments.capture("clerk", payment_id, None, "k")
    seen: list[AttemptState] = []

    class Looking(Bank):
        async def capture(self, key: str, *rest: Any) -> Outcome:
            seen.append((await attempt_of(payments, payment_id)).state)
            return await super().capture(key, *rest)

    await AttemptRunner(database, {ProviderName.CARD: Looking()}, ignore).run_due()
    assert seen == [AttemptState.SENT]
    assert (await attempt_of(payments, payment_id)).state is AttemptState.SUCCEEDED


async def test_a_request_that_never_came_there_is_sent_again_with_its_key(
    payments: Payments, card_payment: CardPayment, bank: Bank
) -> None:
    bank.answers.extend([loses_request, loses_request])
    payment_id = await card_payment()
    attempt = await attempt_of(payments, payment_id)
    assert attempt.state is AttemptState.SUCCEEDED
    assert (bank.sent[attempt.effect_key], bank.found[attempt.effect_key]) == (3, 2)


async def test_a_provider_that_does_not_answer_leaves_it_unknown(
    database: Database, payments: Payments, card_payment: CardPayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "CALL_TIMEOUT", 0.05)
    payment_id = await card_payment()
    await payments.capture("clerk", payment_id, None, "k")

    class Silent(Bank):
        async def capture(self, *_: Any) -> Outcome:
            await asyncio.sleep(60)
            raise AssertionError

    runner = AttemptRunner(database, {ProviderName.CARD: Silent()}, ignore)
    for _ in range(3):
        await hasten(database)
        assert await runner.run_due() == 1
    attempt = await attempt_of(payments, payment_id)
    assert (attempt.state, attempt.tries) == (AttemptState.UNKNOWN, 3)
    assert (await payments.find("id", [payment_id]))[payment_id].state == "AUTHORISED"


async def test_a_refusal_is_an_outcome(payments: Payments, card_payment: CardPayment, bank: Bank) -> None:
    bank.answers.append(declines)
    payment_id = await card_payment()
    payment = (await payments.find("id", [payment_id]))[payment_id]
    assert (payment.state, payment.refusal.code) == ("DECLINED", "card_declined")


async def test_a_payer_who_must_act_is_waited_for_until_the_provider_says(
    database: Database, payments: Payments, card_payment: CardPayment, settle: Settle, bank: Bank
) -> None:
    operations = Operations()
    bank.answers.append(demands_action)
    payment_id = await card_payment()
    payment = (await payments.find("id", [payment_id]))[payment_id]
    assert (payment.state, payment.action_url) == ("ACTION_REQUIRED", "https://bank.example/3ds")
    attempt = await attempt_of(payments, payment_id)
    bank.effects[attempt.effect_key] = Succeeded("ref")
    async with database.transaction() as transaction:
        assert await operations.hasten(transaction, attempt.effect_key)
    await settle()
    assert (await payments.find("id", [payment_id]))[payment_id].state == "AUTHORISED"
    async with database.transaction() as transaction:
        assert not await operations.hasten(transaction, attempt.effect_key)
        assert not await operations.hasten(transaction, "unknown")


async def test_a_payment_that_waits_for_its_payer_is_let_go(
    payments: Payments,
    card_payment: CardPayment,
    settle: Settle,
    bank: Bank,
    *,
    ledger: Ledger,
    events: Events,
) -> None:
    bank.answers.append(demands_action)
    payment_id = await card_payment()
    authorise = await attempt_of(payments, payment_id)
    await payments.void("clerk", payment_id, "k")
    bank.effects[authorise.effect_key] = Declined("canceled", "")
    await settle()
    assert (await payments.find("id", [payment_id]))[payment_id].state == "VOIDED"
    assert await ledger() == {}
    assert await events() == []  # nobody is told that it was declined


async def test_who_was_taken_for_dead_is_not_heard(
    database: Database, payments: Payments, card_payment: CardPayment, bank: Bank
) -> None:
    payment_id = await card_payment()
    await payments.capture("clerk", payment_id, None, "k")
    slow, told = asyncio.Event(), list[AttemptOutcome]()

    class Slow(Bank):
        async def capture(self, key: str, *rest: Any) -> Outcome:
            outcome = await bank.capture(key, *rest)
            await slow.wait()
            return outcome

    async def tell(_transaction: object, outcome: AttemptOutcome) -> None:
        told.append(outcome)

    stalled = asyncio.create_task(AttemptRunner(database, {ProviderName.CARD: Slow()}, tell).run_due())
    async with asyncio.timeout(20):
        while not bank.sent[f"{payment_id}:capture:capturePayment:clerk:k"]:  # noqa: ASYNC110 - another's books
            await asyncio.sleep(0.01)
        await hasten(database)
        assert await AttemptRunner(database, {ProviderName.CARD: bank}, tell).run_due() == 1
        slow.set()
        await stalled
    assert [(each.attempt.state, each.payment.captured) for each in told] == [("SUCCEEDED", 1_000)]
    assert (await payments.find("id", [payment_id]))[payment_id].captured == 1_000


async def test_what_a_listener_raises_rolls_the_outcome_back_to_be_told_again(
    database: Database, payments: Payments, card_payment: CardPayment, bank: Bank
) -> None:
    payment_id = await card_payment()
    await payments.capture("clerk", payment_id, None, "k")

    async def fail(_transaction: object, _outcome: AttemptOutcome) -> None:
        raise LookupError

    assert await AttemptRunner(database, {ProviderName.CARD: bank}, fail).run_due() == 1
    assert (await payments.find("id", [payment_id]))[payment_id].captured == 0
    await hasten(database)
    assert await AttemptRunner(database, {ProviderName.CARD: bank}, ignore).run_due() == 1
    assert (await payments.find("id", [payment_id]))[payment_id].captured == 1_000
    assert bank.sent[f"{payment_id}:capture:capturePayment:clerk:k"] == 1


async def test_many_runners_send_each_attempt_once(
    database: Database, payments: Payments, card_payment: CardPayment, bank: Bank
) -> None:
    payment_id = await card_payment(1_000, capture=1_000)
    for number in range(30):
        await payments.refund("clerk", payment_id, 10, f"k{number}")
    runners = [AttemptRunner(database, {ProviderName.CARD: bank}, ignore) for _ in range(4)]
    async with asyncio.timeout(60):
        while sum(await asyncio.gather(*(runner.run_due() for runner in runners))):
            pass
    assert set(bank.sent.values()) == {1}
    assert (await payments.find("id", [payment_id]))[payment_id].refunded == 300


def test_the_wait_grows_to_a_bound_and_differs() -> None:
    waits = [backoff(tries) for tries in range(1, 60)]
    assert max(waits) <= MAX_DELAY
    assert min(waits) > timedelta(0)
    assert len(set(waits)) == len(waits)


async def ignore(_transaction: object, _outcome: AttemptOutcome) -> None:
    pass
