"""What every service checks in the same way."""

import contextlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.inputs import (
    MAX_IDEMPOTENCY_KEY,
    MAX_PAGE,
    InvalidInputError,
    check_idempotency_key,
    check_page,
    parse_id,
)


@given(st.text())
def test_a_key_is_short_and_printable_or_refused(key: str) -> None:
    with contextlib.suppress(InvalidInputError):
        check_idempotency_key(key)
        assert 0 < len(key) <= MAX_IDEMPOTENCY_KEY
        assert "\0" not in key


def test_an_ordinary_key_stands() -> None:
    assert check_idempotency_key("order-7: Lübeck") == "order-7: Lübeck"


@pytest.mark.parametrize("first", [0, -1, MAX_PAGE + 1])
def test_a_page_out_of_bounds_is_refused_by_name(first: int) -> None:
    with pytest.raises(InvalidInputError, match="first") as refused:
        check_page(first)
    assert (refused.value.field, refused.value.code) == ("first", "INVALID_INPUT")


@given(st.text())
def test_what_is_no_id_names_nothing(text: str) -> None:
    assert parse_id(text) is None


@given(st.uuids())
def test_an_id_is_read_as_it_was_written(id_: UUID) -> None:
    assert parse_id(str(id_)) == id_
