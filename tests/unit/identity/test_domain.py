from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.identity.domain.accounts import check_sign_up, normalise_email, parse_user_id
from subgraphs.identity.domain.keys import (
    KeyPolicy,
    KeyState,
    SigningKey,
    key_states,
    rotation_is_due,
)
from subgraphs.identity.errors import InvalidSignUpError

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = KeyPolicy()


def key(active_from: datetime) -> SigningKey:
    return SigningKey(active_from.isoformat(), {"alg": "ES256"}, b"", active_from)


def sign_up(**changes: str) -> None:
    check_sign_up(**{"email": "ada@hansa.example", "name": "Ada", "password": "long enough", **changes})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "@hansa.example"),
        ("email", "ada@hansa"),
        ("email", "a b@hansa.example"),
        ("email", "ada@@hansa.example"),
        ("email", "ada@hansa..example"),
        ("email", f"ada@{'h' * 250}.example"),
        ("email", "a\x00da@hansa.example"),
        ("name", ""),
        ("name", " \t"),
        ("name", "x" * 101),
        ("name", "A\x00da"),
        ("name", "A\u202eda"),
        ("password", "short"),
        ("password", "x" * 1025),
    ],
)
def test_a_sign_up_that_breaks_a_rule_names_the_field(field: str, value: str) -> None:
    with pytest.raises(InvalidSignUpError) as refusal:
        sign_up(**{field: value})
    assert refusal.value.field == field


def test_names_and_addresses_are_brought_to_one_form() -> None:
    wanted = check_sign_up(email=" Ada@Hansa.EXAMPLE ", name="  Ada   Lovelace ", password="long enough")
    assert (wanted.email, wanted.name) == ("ada@hansa.example", "Ada Lovelace")


@given(st.emails())
def test_normalising_an_address_twice_changes_nothing(email: str) -> None:
    assert normalise_email(normalise_email(email)) == normalise_email(email)


@given(st.text())
def test_no_text_breaks_the_reading_of_an_id(text: str) -> None:
    parse_user_id(text)


def test_a_key_goes_from_pending_to_gone() -> None:
    old, new = key(START), key(START + timedelta(days=30))
    moments = {
        START: (KeyState.ACTIVE, KeyState.PENDING),
        new.active_from - timedelta(seconds=1): (KeyState.ACTIVE, KeyState.PENDING),
        new.active_from: (KeyState.RETIRING, KeyState.ACTIVE),
        new.active_from + POLICY.retirement: (KeyState.GONE, KeyState.ACTIVE),
    }
    for now, expected in moments.items():
        states = key_states([new, old], now, POLICY)
        assert (states[old.kid], states[new.kid]) == expected


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=8, unique=True),
    st.integers(0, 2 * 10**7),
)
def test_exactly_one_key_signs_once_the_first_is_active(starts: list[int], now: int) -> None:
    keys = [key(START + timedelta(seconds=seconds)) for seconds in starts]
    moment = START + timedelta(seconds=now)
    active = [state for state in key_states(keys, moment, POLICY).values() if state is KeyState.ACTIVE]
    assert len(active) == (1 if now >= min(starts) else 0)


def test_the_next_key_is_due_one_lead_before_the_end_of_the_newest() -> None:
    end = START + POLICY.lifetime - POLICY.lead
    assert rotation_is_due([], START, POLICY)
    assert not rotation_is_due([key(START)], end - timedelta(seconds=1), POLICY)
    assert rotation_is_due([key(START)], end, POLICY)
