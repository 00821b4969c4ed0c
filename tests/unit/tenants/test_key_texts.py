"""Keys as texts: any that is made is known for one, and none that was mistyped."""

import hashlib
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.tenants.domain.keys import PREFIX, hash_of, new_secret

ALPHABET = string.ascii_letters + string.digits


def test_a_key_has_the_form_that_secret_scanners_look_for() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    for secret in made:
        assert re.fullmatch(r"hansa_[0-9A-Za-z]{49}", secret)
        assert hash_of(secret) == hashlib.sha256(secret.encode()).digest()


@given(st.integers(len(PREFIX), len(PREFIX) + 48), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(position: int, character: str) -> None:
    secret = new_secret()
    typed = secret[:position] + character + secret[position + 1 :]
    assert (hash_of(typed) is None) == (typed != secret)


@pytest.mark.parametrize("text", ["", "{prefix}", "{prefix}" + "0" * 50, "x{secret}", "{secret}\n"])
def test_what_is_no_key_has_no_hash(text: str) -> None:
    assert hash_of(text.format(prefix=PREFIX, secret=new_secret())) is None
