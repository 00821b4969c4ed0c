"""One-time passwords against the vectors of RFC 6238, appendix B, of which apps show the last six digits."""

import base64
import string
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.identity.domain.recovery_codes import COUNT, hash_of, new_codes
from subgraphs.identity.domain.totp import is_code, new_secret, step_of, uri_of

SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
SOMEBODY, SOMEBODY_ELSE = UUID(int=1), UUID(int=2)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "digits"), VECTORS.items())
def test_a_vectors_code_is_that_of_its_step_and_of_its_neighbours_in_time(seconds: int, digits: str) -> None:
    code, step = digits[-6:], seconds // 30
    for drift in (0, 30, -30 if seconds > 60 else 0):  # no app was asked for a code before 1970
        assert step_of(SECRET, code, moment(seconds + drift)) == step
    assert step_of(SECRET, code, moment(seconds + 60)) != step


@given(st.text(max_size=8))
def test_what_no_app_shows_is_no_code(text: str) -> None:
    assert is_code(text) == (len(text) == 6 and set(text) <= set(string.digits))


def test_an_app_is_told_whose_code_it_is() -> None:
    secret = new_secret()
    assert uri_of(secret, "ada@hansa.example") == (
        f"otpauth://totp/Hansa:ada%40hansa.example?secret={secret}&issuer=Hansa"
    )
    assert len(base64.b32decode(secret)) == 20


def test_recovery_codes_are_ten_and_different() -> None:
    codes = new_codes()
    assert len(set(codes)) == COUNT == 10
    assert {len(code) for code in codes} == {19}


def test_a_recovery_code_counts_however_it_is_typed_and_for_its_user_only() -> None:
    code = new_codes()[0]
    assert hash_of(SOMEBODY, code) == hash_of(SOMEBODY, f" {code.lower().replace('-', ' ')} ")
    assert hash_of(SOMEBODY, code) != hash_of(SOMEBODY_ELSE, code)
    assert code.encode() not in hash_of(SOMEBODY, code)
