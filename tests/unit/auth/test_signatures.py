"""A request that the router signed is accepted for five minutes, as it was sent and in no other way."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.auth.signatures import InvalidSignatureError, MessageSigner, MessageVerifier
from common.http.messages import Headers

SECRET, OTHER = "s" * 32, "o" * 32
BODY = b'{"query":"{ships}"}'
TOKEN = ("authorization", "Bearer t")
VERIFIER = MessageVerifier({"router": SECRET, "next": OTHER})


def signed(
    *headers: tuple[str, str],
    key_id: str = "router",
    secret: str = SECRET,
    age: float = 0,
    body: bytes = BODY,
) -> Headers:
    signer = MessageSigner(key_id, secret, now=lambda: time.time() - age)
    return (*headers, *signer.sign("POST", headers, body))


@given(st.binary(max_size=200), st.lists(st.sampled_from(["Bearer a", " Bearer b ", "x=1, y"]), max_size=2))
def test_what_is_signed_is_accepted(body: bytes, tokens: list[str]) -> None:
    headers = signed(*(("authorization", token) for token in tokens), body=body)
    VERIFIER.verify("POST", headers, body)


def test_a_second_key_is_accepted_so_that_keys_can_be_changed() -> None:
    VERIFIER.verify("POST", signed(key_id="next", secret=OTHER), BODY)


def test_what_is_a_little_old_is_accepted() -> None:
    VERIFIER.verify("POST", signed(age=280), BODY)


def replaced(name: str, value: str) -> Callable[[Headers], Headers]:
    return lambda headers: tuple((key, value if key == name else old) for key, old in headers)


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: tuple(header for header in headers if header[0] != name)


OTHER_DIGEST = dict(signed(body=b"{}"))["content-digest"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed, BODY + b" "),
        (signed, b""),
        (lambda: signed(age=310), BODY),
        (lambda: signed(age=-60), BODY),
        (lambda: signed(secret=OTHER), BODY),
        (lambda: signed(key_id="stranger"), BODY),
        (tuple, BODY),
        (lambda: without("signature")(signed()), BODY),
        (lambda: without("content-digest")(signed()), BODY),
        (lambda: replaced("content-digest", OTHER_DIGEST)(signed()), b"{}"),
        (lambda: replaced("signature", "hansa=:AAAA:")(signed()), BODY),
        (lambda: replaced("signature-input", "nonsense")(signed()), BODY),
        (lambda: replaced("authorization", "Bearer other")(signed(TOKEN)), BODY),
        (lambda: without("authorization")(signed(TOKEN)), BODY),
        (lambda: (*signed(), TOKEN), BODY),
        (lambda: (*signed(TOKEN), ("authorization", "Bearer more")), BODY),
    ],
)
def test_anything_else_is_refused(headers: Callable[[], Headers], body: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        VERIFIER.verify("POST", headers(), body)


def test_another_method_is_refused() -> None:
    with pytest.raises(InvalidSignatureError):
        VERIFIER.verify("GET", signed(), BODY)


@given(
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_no_header_is_a_defect(signature_input: str, signature: str) -> None:
    headers = (
        ("content-digest", OTHER_DIGEST),
        ("signature-input", signature_input),
        ("signature", signature),
    )
    with pytest.raises(InvalidSignatureError):
        VERIFIER.verify("POST", headers, b"{}")


@pytest.mark.parametrize(
    "text", ["", "router", f"={SECRET}", "router=short", f'ro"ter={SECRET}', f"a={SECRET},"]
)
def test_keys_that_cannot_be_used_are_refused_without_being_told(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        MessageVerifier.parse(text)
    assert SECRET not in str(refused.value)


def test_keys_are_read_from_a_text() -> None:
    VERIFIER.parse(f"router={SECRET}, next={OTHER}").verify("POST", signed(), BODY)
