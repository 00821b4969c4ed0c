"""Wycheproof's vectors: no invalid signature counts, and every valid one that is not refused by choice."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from common.auth import InvalidToken, jws
from common.auth.jwk import import_keys

FOLDER = Path(__file__).parent
FILES = ("json_web_signature_test.json", "json_web_key_test.json")

REFUSED_BY_CHOICE = Counter(
    {
        "a symmetric key: whoever can verify by it could sign": 14,
        "no payload: an access token has claims": 6,
        "another algorithm than the key's own": 4,
    }
)


class Vector(Struct, frozen=True):
    """A text, and the keys that it is to be verified by."""

    file: str
    number: int
    text: str
    keys: list[dict[str, Any]]
    is_valid: bool

    def counts(self) -> bool:
        """Whether our verification accepts it."""
        keys = import_keys(self.keys)
        try:
            signed = jws.parse(self.text)
            key = keys.get(signed.headers().get("kid", ""))
            if key is not None:
                jws.verify(signed, key)
        except InvalidToken:
            return False
        return key is not None

    def choice(self) -> str:
        """Why it is refused although it is valid."""
        symmetric, payload, algorithm = REFUSED_BY_CHOICE
        if all(key["kty"] == "oct" for key in self.keys):
            return symmetric
        header, claims, _ = self.text.split(".")
        if not claims:
            return payload
        named = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"]
        return algorithm if all(key["alg"] != named for key in self.keys) else "none"


def vectors() -> Iterator[Vector]:
    for file in FILES:
        for group in json.loads((FOLDER / file).read_text())["testGroups"]:
            keys = group.get("public", group["private"])
            for test in group["tests"]:
                text = test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])
                yield Vector(file, test["tcId"], text, keys.get("keys", [keys]), test["result"] == "valid")


VECTORS = list(vectors())


def test_every_vector_is_run() -> None:
    said = [json.loads((FOLDER / file).read_text())["numberOfTests"] for file in FILES]
    assert said == [401, 26]
    assert len(VECTORS) == sum(said)


@pytest.mark.parametrize("file", FILES)
def test_no_invalid_signature_counts(file: str) -> None:
    invalid = [vector for vector in VECTORS if vector.file == file and not vector.is_valid]
    assert len(invalid) > 15
    assert [vector.number for vector in invalid if vector.counts()] == []


def test_every_valid_signature_counts_that_is_not_refused_by_choice() -> None:
    valid = [vector for vector in VECTORS if vector.is_valid]
    refused = Counter(vector.choice() for vector in valid if not vector.counts())
    assert refused == REFUSED_BY_CHOICE
    assert len(valid) - refused.total() == 27
