"""Money is whole minor units of a currency, and is divided exactly: P12 of the payments' page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from common.inputs import InvalidInputError
from subgraphs.payments.domain.money import MAX_AMOUNT, Money, allocate, check_money, exponent
from subgraphs.payments.domain.wallets import MAX_BALANCE, MAX_TOP_UP, check_top_up

CODES = sorted(currency.code for currency in Currency if currency.exponent is not None)


@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_a_minor_unit_is_what_iso_4217_says(currency: str, places: int) -> None:
    assert exponent(currency) == places


@given(st.text(max_size=4) | st.sampled_from([*CODES, "XAU", "XTS"]))
def test_a_text_is_a_currency_or_refused_by_name(text: str) -> None:
    if text in CODES:
        assert exponent(text) in range(5)
    else:
        with pytest.raises(InvalidInputError, match="currency"):
            exponent(text)


@given(st.integers(), st.sampled_from(["EUR", "JPY"]))
def test_an_amount_is_within_bounds_or_refused_by_name(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    if 1 <= amount <= MAX_AMOUNT:
        assert check_money(money) == money
    else:
        with pytest.raises(InvalidInputError, match="amount"):
            check_money(money)


@given(st.integers(-(2**40), 2**40), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_are_within_one_of_their_share(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    assert all(
        abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True)
    )


def test_what_rounding_leaves_goes_to_those_that_it_cut_most() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(5, [1, 3]) == [1, 4]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_nothing_is_divided_by_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot divide"):
        allocate(1, weights)


@given(st.integers())
def test_a_top_up_is_within_bounds_or_refused_by_name(amount: int) -> None:
    if 1 <= amount <= MAX_TOP_UP:
        assert check_top_up(Money(amount, "EUR")) == Money(amount, "EUR")
    else:
        with pytest.raises(InvalidInputError) as refused:
            check_top_up(Money(amount, "EUR"))
        assert refused.value.field == "amount"


def test_every_balance_fits_into_a_graphql_int() -> None:
    assert 2 * MAX_BALANCE < 2**31
