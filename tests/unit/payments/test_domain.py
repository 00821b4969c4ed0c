"""Payments' rules: what makes sense, and what is still to be paid."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.inputs import InvalidInputError
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import Payment, PaymentState, amount_due
from subgraphs.payments.domain.wallets import MAX_BALANCE, MAX_TOP_UP, check_top_up

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
    assert amount_due(TOTAL, None) == TOTAL
    assert amount_due(TOTAL, payment(PaymentState.PENDING)) == TOTAL


@pytest.mark.parametrize("state", [PaymentState.CAPTURED, PaymentState.DECLINED, PaymentState.REFUNDED])
def test_nothing_is_due_after_the_decision(state: PaymentState) -> None:
    assert amount_due(TOTAL, payment(state)) == Money(0, "EUR")


@given(st.integers())
def test_a_top_up_is_within_bounds_or_refused_by_name(amount: int) -> None:
    if 1 <= amount <= MAX_TOP_UP:
        assert check_top_up(amount) == amount
    else:
        with pytest.raises(InvalidInputError) as refused:
            check_top_up(amount)
        assert refused.value.field == "amount"


def test_every_balance_fits_into_a_graphql_int() -> None:
    assert 2 * MAX_BALANCE < 2**31
