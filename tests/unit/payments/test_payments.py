"""A payment is what its history makes it: whatever is asked, in whatever order, its amounts keep their bounds."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.ledger import TransferKind
from subgraphs.payments.domain import commands, disputes
from subgraphs.payments.domain.attempts import Operation, PaymentMethod, ProviderName
from subgraphs.payments.domain.disputes import DisputeState
from subgraphs.payments.domain.history import (
    ActionDemanded,
    Authorised,
    Captured,
    Created,
    Declined,
    Happening,
    Refunded,
    Requested,
    Voided,
)
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import (
    Payment,
    PaymentState,
    amount_due,
    apply,
    begin,
    fold,
)
from subgraphs.payments.domain.postings import postings
from subgraphs.payments.errors import NotPossibleError

TOTAL = Money(1_000, "EUR")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CREATED = Created(payer_id="ada", amount=TOTAL, method=PaymentMethod(ProviderName.CARD, "pm"))
REQUESTED = Requested(effect_key="a", operation=Operation.AUTHORISE, amount=1_000)
DEMANDED = ActionDemanded(effect_key="a", url="u", reference="ref")
AUTHORISED = Authorised(effect_key="a", amount=1_000, reference="ref")
CANCELED = Declined(effect_key="a", operation=Operation.AUTHORISE, code="canceled", message="")
AMOUNTS = st.none() | st.sampled_from([-5, 0, 1, 300, 500, 700, 1_000, 1_001])


def payment(*events: Happening) -> Payment:
    return fold(UUID(int=1), [CREATED, REQUESTED, *events], BEGAN)


def set_aside(before: dict[UUID, int], to: Payment, event: Happening) -> dict[UUID, int]:
    """What is pending in the ledger after `event` comes to a payment, by its transfer."""
    pending = dict(before)
    for transfer in postings(to, event):
        if transfer.pending_id is not None:
            del pending[transfer.pending_id]
        elif transfer.kind is TransferKind.PENDING:
            pending[transfer.id] = transfer.amount or 0
    return pending


class PaymentMachine(RuleBasedStateMachine):
    """Commands of clients, answers of a provider, and requests of a bank, as they may come."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Happening] = []
        self.payment = payment()
        self.set_aside: dict[UUID, int] = {}
        self.number = 0

    @initialize(provider=st.sampled_from(ProviderName))
    def begin(self, provider: ProviderName) -> None:
        self.history = [msgspec.structs.replace(CREATED, method=PaymentMethod(provider, "pm")), REQUESTED]
        self.payment = fold(self.payment.id, self.history, BEGAN)

    def happen(self, event: Happening | None) -> None:
        if event is not None:
            self.set_aside = set_aside(self.set_aside, self.payment, event)
            self.history.append(event)
            self.payment = apply(self.payment, event)

    def asked(self, key: str) -> Operation:
        return self.payment.requests[key].operation

    def key(self) -> str:
        self.number += 1
        return str(self.number)

    @rule(amount=AMOUNTS, is_last=st.booleans())
    def capture(self, amount: int | None, is_last: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        try:
            self.happen(commands.capture(self.payment, self.key(), amount, is_last=is_last))
        except NotPossibleError:
            left = self.payment.capturable
            is_whole = not is_last and self.payment.method.provider not in commands.IN_PARTS
            assert (
                is_whole or (amount is None and left == 0) or (amount is not None and not 1 <= amount <= left)
            )

    @rule(amount=AMOUNTS)
    def refund(self, amount: int | None) -> None:
        try:
            self.happen(commands.refund(self.payment, self.key(), amount))
        except NotPossibleError:
            left = self.payment.refundable
            assert (amount is None and left == 0) or (amount is not None and not 1 <= amount <= left)

    @precondition(lambda self: "a" in self.payment.underway)
    @rule()
    def demand_action(self) -> None:
        self.happen(DEMANDED)

    @rule()
    def void(self) -> None:
        with suppress(NotPossibleError):
            self.happen(commands.void(self.payment, self.key()))

    @rule(dispute_id=st.sampled_from("xyz"), amount=st.integers(1, 1_000))
    def dispute(self, dispute_id: str, amount: int) -> None:
        try:
            self.happen(
                disputes.dispute(
                    self.payment.disputes, dispute_id, amount, "fraud", captured=self.payment.captured
                )
            )
        except NotPossibleError:
            assert amount > self.payment.captured - self.payment.disputed

    @rule(dispute_id=st.sampled_from("xyz"), won=st.booleans())
    def close_dispute(self, dispute_id: str, won: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        with suppress(NotPossibleError):
            self.happen(disputes.close(self.payment.disputes, dispute_id, won=won))

    @precondition(lambda self: self.payment.underway)
    @rule(data=st.data(), succeeds=st.booleans())
    def answer(self, data: st.DataObject, succeeds: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """Of several captures the provider is asked in their order."""
        captures = [key for key in self.payment.underway if self.asked(key) is Operation.CAPTURE]
        key = data.draw(st.sampled_from([key for key in self.payment.underway if key not in captures[1:]]))
        asked = self.payment.requests[key]
        if not succeeds:
            self.happen(Declined(effect_key=key, operation=asked.operation, code="no", message=""))
            return
        self.happen(
            {
                Operation.AUTHORISE: Authorised(effect_key=key, amount=asked.amount, reference="r"),
                Operation.CAPTURE: Captured(
                    effect_key=key, amount=asked.amount, fee=0, reference="r", is_last=asked.is_last
                ),
                Operation.VOID: Voided(effect_key=key, reference="r"),
                Operation.REFUND: Refunded(effect_key=key, amount=asked.amount, reference="r"),
            }[asked.operation]
        )

    @invariant()
    def amounts_keep_their_bounds(self) -> None:
        now = self.payment
        assert 0 <= now.refunded <= now.captured <= now.authorised <= TOTAL.amount
        assert now.capturable >= 0
        assert now.disputed <= now.captured

    @invariant()
    def the_ledger_keeps_aside_what_may_be_captured_or_is_disputed(self) -> None:
        now = self.payment
        is_open = now.authorised > 0 and not now.is_closed
        capturable = [now.authorised - now.captured] if is_open else []
        disputed = [each.amount for each in now.disputes.values() if each.state is DisputeState.OPENED]
        assert sorted(self.set_aside.values()) == sorted(capturable + disputed)

    @invariant()
    def a_replay_is_the_same_payment(self) -> None:
        assert fold(self.payment.id, self.history, BEGAN) == self.payment
        kept = msgspec.json.decode(msgspec.json.encode(self.payment), type=Payment)
        assert kept == self.payment


TestPayment = PaymentMachine.TestCase
TestPayment.settings = settings(max_examples=60, stateful_step_count=20)


def test_all_is_due_until_the_provider_has_answered() -> None:
    assert amount_due(TOTAL, None) == TOTAL
    assert amount_due(TOTAL, payment()) == TOTAL
    assert amount_due(TOTAL, payment(AUTHORISED)) == Money(0, "EUR")


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), PaymentState.PENDING),
        ((DEMANDED,), PaymentState.ACTION_REQUIRED),
        ((AUTHORISED,), PaymentState.AUTHORISED),
        ((CANCELED,), PaymentState.DECLINED),
        ((AUTHORISED, Voided(effect_key="v", reference="ref")), PaymentState.VOIDED),
        (
            (AUTHORISED, Captured(effect_key="c", amount=5, fee=0, reference="r", is_last=False)),
            PaymentState.PARTIALLY_CAPTURED,
        ),
        ((AUTHORISED, Captured(effect_key="c", amount=5, fee=0, reference="r")), PaymentState.CAPTURED),
    ],
)
def test_the_state_follows_from_the_history(events: tuple[Happening, ...], state: PaymentState) -> None:
    assert payment(*events).state is state


@pytest.mark.parametrize("answer", [DEMANDED, AUTHORISED, CANCELED], ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("is_late", [True, False])
def test_what_is_let_go_is_so_whatever_was_seen_of_it_meanwhile(answer: Happening, is_late: bool) -> None:  # noqa: FBT001 - a parameter
    """The authorisation is looked at while it is let go: either answer may be written down first."""
    now = payment(DEMANDED)
    voided = Voided(effect_key="v", reference="ref")
    pending: dict[UUID, int] = {}
    for event in (commands.void(now, "v"), *((voided, answer) if is_late else (answer, voided))):
        pending = set_aside(pending, now, event)
        now = apply(now, event)
        assert now.state is not PaymentState.DECLINED
    assert (now.state, now.capturable, now.action_url, pending) == (PaymentState.VOIDED, 0, None, {})


def test_what_was_refused_and_could_not_be_let_go_is_declined() -> None:
    now = payment(DEMANDED)
    for event in (commands.void(now, "v"), CANCELED):
        now = apply(now, event)
    assert now.state is PaymentState.PENDING
    refused = Declined(effect_key="v", operation=Operation.VOID, code="no", message="")
    assert apply(now, refused).state is PaymentState.DECLINED


def test_a_history_begins_with_its_creation() -> None:
    assert fold(UUID(int=1), [CREATED], BEGAN) == begin(UUID(int=1), CREATED, BEGAN)
    with pytest.raises(AssertionError):
        fold(UUID(int=1), [AUTHORISED], BEGAN)
