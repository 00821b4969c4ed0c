import base64
import os

import pytest
from cryptography.exceptions import InvalidTag

from common.sealing import Sealer
from common.settings import Secret, SettingsError


def test_what_is_sealed_opens_again() -> None:
    sealer = Sealer(os.urandom(32))
    sealed = sealer.seal(b"private", "k1")
    assert b"private" not in sealed
    assert sealer.open(sealed, "k1") == b"private"


def test_it_opens_for_no_other_purpose_and_under_no_other_key() -> None:
    sealer = Sealer(os.urandom(32))
    sealed = sealer.seal(b"private", "k1")
    with pytest.raises(InvalidTag):
        sealer.open(sealed, "k2")
    with pytest.raises(InvalidTag):
        Sealer(os.urandom(32)).open(sealed, "k1")


@pytest.mark.parametrize("value", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_key_that_is_not_32_bytes_is_refused_by_the_variables_name(value: str) -> None:
    with pytest.raises(SettingsError, match="HANSA_KEY_ENCRYPTION_KEY"):
        Sealer.from_setting(Secret(value))
