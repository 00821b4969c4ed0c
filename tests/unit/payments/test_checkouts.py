"""Guarantee 11 of payments' README: a checkout ends, as a sale or as nothing, in whatever order its messages come.

The world around it is a state machine of hypothesis: inventory reads what it is told in order, the provider decides when it
likes, both say each thing any number of times, and what was said arrives in any order, or after the deadline.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from subgraphs.payments.domain.attempts import Operation, PaymentMethod, ProviderName
from subgraphs.payments.domain.checkout_messages import (
    ActionNeeded,
    Answered,
    Authorise,
    Capture,
    DeadlinePassed,
    Message,
    Ship,
    Shipped,
    StockCommitted,
    StockPaying,
    StockRefused,
    StockReleased,
    TellAuthorised,
    TellFailed,
    TellStarted,
    Void,
)
from subgraphs.payments.domain.checkout_steps import advance, begin
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState, FailureReason, Patience
from subgraphs.payments.domain.money import Money

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = Patience()
PRICE = Money(1_000, "EUR")
METHOD = PaymentMethod(ProviderName.CARD, "pm_card_visa")
LATER = NOW + timedelta(minutes=20)


def begun() -> Checkout:
    checkout, commands = begin(
        UUID(int=1), UUID(int=2), payer_id="ada", method=METHOD, now=NOW, patience=PATIENCE
    )
    assert commands == (TellStarted(LATER),)
    return checkout


def told(checkout: Checkout, *messages: Message) -> tuple[Checkout, list[object]]:
    done: list[object] = []
    for message in messages:
        checkout, commands = advance(checkout, message, NOW, PATIENCE)
        done += commands
    return checkout, done


PAYING = StockPaying(PRICE, LATER)
AUTHORISED, CAPTURED = Answered(Operation.AUTHORISE), Answered(Operation.CAPTURE)


def test_a_sale() -> None:
    checkout, done = told(begun(), PAYING, AUTHORISED, StockCommitted(), CAPTURED, Shipped())
    assert checkout.state is CheckoutState.COMPLETED
    assert done == [Authorise(PRICE), TellAuthorised(), Capture(), Ship()]
    assert checkout.version == 6


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("NOT_FOUND", FailureReason.RESERVATION_NOT_FOUND),
        ("NOT_OWNER", FailureReason.RESERVATION_NOT_FOUND),
        ("ENDED", FailureReason.RESERVATION_ENDED),
        ("ALREADY_PAYING", FailureReason.ALREADY_PAYING),
    ],
)
def test_stock_that_is_refused_is_not_put_back(reason: str, failure: FailureReason) -> None:
    checkout, done = told(begun(), StockRefused(reason))
    assert (checkout.state, checkout.failure, done) == (CheckoutState.FAILED, failure, [])


@pytest.mark.parametrize(
    ("messages", "state", "minutes", "follows"),
    [
        ((), CheckoutState.STARTED, 2, [TellFailed("TIMED_OUT")]),
        ((PAYING,), CheckoutState.AUTHORISING, 15, []),
        ((StockPaying(PRICE, NOW + timedelta(minutes=9)),), CheckoutState.AUTHORISING, 9, []),
        ((PAYING, AUTHORISED), CheckoutState.COMMITTING, 2, [Void()]),
        ((PAYING, AUTHORISED, StockCommitted()), CheckoutState.CAPTURING, None, []),
        ((PAYING, AUTHORISED, StockCommitted(), CAPTURED), CheckoutState.SHIPPING, 10, [Ship()]),
        ((PAYING, AUTHORISED, StockRefused("ENDED")), CheckoutState.VOIDING, None, []),
        ((DeadlinePassed(),), CheckoutState.RELEASING, None, []),
    ],
)
def test_each_state_is_waited_in_for_its_time(
    messages: tuple[Message, ...], state: CheckoutState, minutes: int | None, follows: list[object]
) -> None:
    """The table of docs/checkout.md: until when, and what then."""
    checkout, _ = told(begun(), *messages)
    deadline = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert (checkout.state, checkout.deadline) == (state, deadline)
    assert told(checkout, DeadlinePassed())[1] == follows


def test_a_decline_puts_the_stock_back() -> None:
    declined = Answered(Operation.AUTHORISE, "insufficient_funds")
    checkout, done = told(begun(), PAYING, declined, StockReleased())
    assert (checkout.state, checkout.failure) == (CheckoutState.FAILED, FailureReason.DECLINED)
    assert checkout.detail == "insufficient_funds"
    assert done == [Authorise(PRICE), TellFailed("DECLINED")]


def test_stock_that_is_lost_lets_the_money_go_first_and_then_the_stock() -> None:
    checkout, done = told(begun(), PAYING, AUTHORISED, StockRefused("ENDED"))
    assert (checkout.state, done[-1]) == (CheckoutState.VOIDING, Void())
    checkout, done = told(checkout, Answered(Operation.VOID), StockReleased())
    assert (checkout.state, checkout.failure) == (CheckoutState.FAILED, FailureReason.RESERVATION_ENDED)
    assert done == [TellFailed("RESERVATION_ENDED")]


def test_an_unknown_authorisation_is_waited_for_after_the_deadline_and_then_let_go() -> None:
    checkout, done = told(begun(), PAYING, DeadlinePassed())
    assert (checkout.state, checkout.deadline, done) == (CheckoutState.AUTHORISING, None, [Authorise(PRICE)])
    assert told(checkout, AUTHORISED)[1] == [Void()]
    assert told(checkout, Answered(Operation.AUTHORISE, "expired_card"))[1] == [TellFailed("TIMED_OUT")]


def test_a_payer_who_does_not_act_is_not_waited_for() -> None:
    checkout, _ = told(begun(), PAYING, ActionNeeded("https://bank.example/3ds"))
    assert checkout.action_url == "https://bank.example/3ds"
    checkout, done = told(checkout, DeadlinePassed(), AUTHORISED)
    assert (checkout.state, checkout.action_url, done) == (CheckoutState.VOIDING, None, [Void()])


def test_after_the_pivot_there_is_only_forward() -> None:
    checkout, _ = told(begun(), PAYING, AUTHORISED, StockCommitted(), CAPTURED)
    _, done = told(
        checkout, DeadlinePassed(), StockRefused("ENDED"), StockReleased(), Answered(Operation.VOID)
    )
    assert done == [Ship()]


class World(RuleBasedStateMachine):
    """Inventory, a provider, a shipper, and a post that loses the order of things."""

    @initialize()
    def start(self) -> None:
        self.checkout, commands = begin(
            UUID(int=1), UUID(int=2), payer_id="ada", method=METHOD, now=NOW, patience=PATIENCE
        )
        self.said: list[Message] = []
        self.unread: list[Any] = []
        self.stock = "HELD"
        self.asked: list[Operation] = []
        self.money = "NONE"
        self.is_waiting_for_payer = False
        self.ships = 0
        self.follow(commands)

    def follow(self, commands: tuple[Any, ...]) -> None:
        for command in commands:
            match command:
                case Authorise():
                    self.asked.append(Operation.AUTHORISE)
                case Capture():
                    assert self.money == "AUTHORISED"
                    assert self.stock == "COMMITTED"
                    self.asked.append(Operation.CAPTURE)
                case Void():
                    self.asked.append(Operation.VOID)
                case Ship():
                    assert self.money == "CAPTURED"
                    self.ships += 1
                case _:
                    self.unread.append(command)

    def tell(self, message: Message) -> None:
        before = self.checkout
        self.checkout, commands = advance(before, message, NOW, PATIENCE)
        assert not (before.has_ended and self.checkout is not before)
        assert (self.checkout is before) == (self.checkout.version == before.version)
        self.follow(commands)

    @precondition(lambda self: self.unread)
    @rule(reason=st.sampled_from([None, None, "ENDED", "NOT_OWNER", "ALREADY_PAYING"]))
    def inventory_reads(self, reason: str | None) -> None:
        match self.unread.pop(0):
            case TellStarted():
                if reason is None:
                    self.stock = "PAYING"
                    self.said.append(PAYING)
                else:
                    self.said.append(StockRefused(reason))
            case TellAuthorised() if self.stock == "PAYING":
                self.stock = "COMMITTED"
                self.said.append(StockCommitted())
            case TellAuthorised():
                self.said.append(StockRefused("ENDED"))
            case TellFailed():
                self.stock = "RELEASED"
                self.said.append(StockReleased())

    @precondition(lambda self: self.stock == "PAYING")
    @rule()
    def stock_expires(self) -> None:
        self.stock = "EXPIRED"

    @precondition(lambda self: self.asked)
    @rule(is_declined=st.booleans(), needs_payer=st.booleans())
    def provider_decides(self, is_declined: bool, needs_payer: bool) -> None:  # noqa: FBT001 - a rule's arguments
        operation = self.asked[0]
        if operation is Operation.AUTHORISE and needs_payer and not self.is_waiting_for_payer:
            self.is_waiting_for_payer = True
            self.said.append(ActionNeeded("https://bank.example"))
            if Operation.VOID not in self.asked:
                return
        self.asked.pop(0)
        code = "no" if is_declined and operation is not Operation.VOID else None
        if code is None:
            self.money = {
                Operation.AUTHORISE: "AUTHORISED",
                Operation.CAPTURE: "CAPTURED",
                Operation.VOID: "NONE",
            }[operation]
        self.said.append(Answered(operation, code))

    @precondition(
        lambda self: self.is_waiting_for_payer and self.asked == [Operation.AUTHORISE, Operation.VOID]
    )
    @rule()
    def provider_cancels_a_challenge(self) -> None:
        self.asked.clear()
        self.said += [Answered(Operation.AUTHORISE, "canceled"), Answered(Operation.VOID)]

    @precondition(lambda self: self.ships)
    @rule()
    def shipper_ships(self) -> None:
        self.said.append(Shipped())

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def message_arrives(self, data: st.DataObject) -> None:
        """One that was said, at any time after, and perhaps not for the last time."""
        self.tell(data.draw(st.sampled_from(self.said)))

    @precondition(lambda self: self.checkout.deadline is not None)
    @rule()
    def deadline_passes(self) -> None:
        self.tell(DeadlinePassed())

    @invariant()
    def an_end_is_a_sale_or_nothing(self) -> None:
        match self.checkout.state:
            case CheckoutState.COMPLETED:
                assert (self.stock, self.money) == ("COMMITTED", "CAPTURED")
                assert self.checkout.failure is None
            case CheckoutState.FAILED:
                assert self.checkout.failure is not None
                assert self.money == "NONE"
                assert self.stock in {"HELD", "EXPIRED", "RELEASED"}

    def teardown(self) -> None:
        """Once everybody has said what they have to say, the checkout has ended."""
        for _ in range(20):
            while self.unread:
                self.inventory_reads(None)
            while self.asked:
                self.provider_decides(is_declined=False, needs_payer=False)
            if self.ships:
                self.shipper_ships()
            for message in list(self.said):
                self.tell(message)
        assert self.checkout.has_ended
        self.an_end_is_a_sale_or_nothing()


World.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestWorld = World.TestCase
