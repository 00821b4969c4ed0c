"""Payments' rules: what makes sense, and what is still to be paid."""

import contextlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.payments import domain
from subgraphs.payments.domain import Money, Payment, PaymentState
from subgraphs.payments.errors import InvalidInputError

TOTAL = Money(1_000, "EUR")


def payment(state: PaymentState) -> Payment:
    return Payment(
        id=uuid4(),
        reservation_id=uuid4(),
        payer_id="ada",
        amount=TOTAL,
        state=state,
        decline_reason=None,
        created_at=datetime.now(UTC),
    )


def test_all_is_due_until_the_payment_is_decided() -> None:
    assert domain.amount_due(TOTAL, None) == TOTAL
    assert domain.amount_due(TOTAL, payment(PaymentState.PENDING)) == TOTAL


@pytest.mark.parametrize("state", [PaymentState.CAPTURED, PaymentState.DECLINED, PaymentState.REFUNDED])
def test_nothing_is_due_after_the_decision(state: PaymentState) -> None:
    assert domain.amount_due(TOTAL, payment(state)) == Money(0, "EUR")


@given(st.integers())
def test_a_top_up_is_within_bounds_or_refused_by_name(amount: int) -> None:
    if 1 <= amount <= domain.MAX_TOP_UP:
        assert domain.check_top_up(amount) == amount
    else:
        with pytest.raises(InvalidInputError) as refused:
            domain.check_top_up(amount)
        assert refused.value.field == "amount"


@given(st.text())
def test_a_key_is_short_and_printable_or_refused(key: str) -> None:
    with contextlib.suppress(InvalidInputError):
        domain.check_idempotency_key(key)
        assert 0 < len(key) <= domain.MAX_IDEMPOTENCY_KEY
        assert "\0" not in key


@pytest.mark.parametrize("first", [0, -1, domain.MAX_PAGE + 1])
def test_a_page_out_of_bounds_is_refused(first: int) -> None:
    with pytest.raises(InvalidInputError, match="first"):
        domain.check_page(first)


@given(st.text())
def test_what_is_no_id_names_nothing(text: str) -> None:
    assert domain.parse_id(text) is None or isinstance(domain.parse_id(text), UUID)


def test_every_balance_fits_into_a_graphql_int() -> None:
    assert 2 * domain.MAX_BALANCE < 2**31
