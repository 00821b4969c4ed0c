"""Guarantee 13 of payments' README: webhooks are signed so that everyone can verify them, and go to public places only."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from common.inputs import InvalidInputError
from common.settings import Secret
from subgraphs.payments.domain.webhooks import (
    DELAYS,
    ForbiddenUrlError,
    check_address,
    check_url,
    delay_after,
    sign,
)
from subgraphs.payments.provider.stripe_events import BadSignatureError, read_event

OLD, NEW = ("whsec_" + base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2))
BODY = json.dumps({"type": "checkout.completed"}).encode()


@given(body=st.dictionaries(st.text(), st.text()), secret=st.binary(min_size=24, max_size=64))
def test_the_reference_library_verifies_what_is_signed(body: dict[str, str], secret: bytes) -> None:
    key, now = base64.b64encode(secret).decode(), int(time.time())
    raw = json.dumps(body).encode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign([key], "msg_1", now, raw),
    }
    assert Webhook(key).verify(raw, headers) == body


def test_while_it_is_rotated_both_secrets_verify_and_no_other() -> None:
    now = int(time.time())
    signature = sign([NEW, OLD], "msg_1", now, BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}
    for secret in (OLD, NEW):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(bytes(32)).decode()).verify(BODY, headers)


def test_it_is_tried_for_more_than_three_days_and_then_given_up() -> None:
    waits = [delay_after(attempt) for attempt in range(1, len(DELAYS) + 1)]
    assert all(wait is not None and low <= wait <= low * 1.1 for wait, low in zip(waits, DELAYS, strict=True))
    assert sum(DELAYS, timedelta()) > timedelta(days=3)
    assert delay_after(len(DELAYS) + 1) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_forbidden(address: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        check_address(ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_not(address: str) -> None:
    check_address(ip_address(address), [])


def test_configuration_may_allow_a_private_network_and_no_more() -> None:
    allowed = [ip_network("10.1.0.0/16")]
    check_address(ip_address("10.1.2.3"), allowed)
    check_address(ip_address("::ffff:10.1.2.3"), allowed)
    with pytest.raises(ForbiddenUrlError):
        check_address(ip_address("10.2.0.1"), allowed)


@pytest.mark.parametrize(
    "url",
    [
        "", "https://", "ftp://shop.example", "http://shop.example", "https://user:word@shop.example",
        "https://127.0.0.1/", "https://[::1]/", "https://shop.example:99999", "https://shop.example/ x",
        "https://shop.example/\n", "https://sh\u00f6p.example", "//shop.example", "https://" + "x" * 2_000,
    ],
)  # fmt: skip
def test_urls_that_webhooks_must_not_go_to_are_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="url"):
        check_url(url, [])


def test_a_url_may_have_a_port_a_path_and_a_query() -> None:
    url = "https://shop.example:8443/hooks?from=hansa"
    assert check_url(url, []) == url


SECRET = Secret("whsec_wismar")
EVENT = json.dumps(
    {
        "id": "evt_1",
        "type": "x",
        "data": {"object": {"metadata": {"op_1": "capture a key", "reference": "7"}}},
    }
).encode()


def signed(body: bytes, at: int, secret: Secret = SECRET) -> str:
    return hmac.new(secret.reveal().encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()


def test_an_event_of_the_provider_names_our_operations() -> None:
    signature = f"t=1000,v0=x,v1={signed(EVENT, 1_000, Secret('old'))},v1={signed(EVENT, 1_000)}"
    event = read_event(EVENT, signature, SECRET, now=1_299)
    assert (event.id, list(event.effect_keys)) == ("evt_1", ["a key"])


@pytest.mark.parametrize(
    "signature",
    [
        "", "t=1000", f"v1={signed(EVENT, 1_000)}", f"t=1000,v1={signed(EVENT, 1_001)}", "t=1000,v1=\u00e9",
        f"t=1000,v1={signed(EVENT + b' ', 1_000)}", f"t=x,v1={signed(EVENT, 1_000)}",
        f"t=1000,v1={signed(EVENT, 1_000, Secret('other'))}", f"t=600,v1={signed(EVENT, 600)}",
    ],
)  # fmt: skip
def test_an_event_that_is_not_the_providers_is_refused(signature: str) -> None:
    with pytest.raises(BadSignatureError):
        read_event(EVENT, signature, SECRET, now=1_000)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"id": 1}'])
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignatureError):
        read_event(body, f"t=1000,v1={signed(body, 1_000)}", SECRET, now=1_000)


@given(metadata=st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.one_of(st.none(), st.text()))))
def test_whatever_an_event_carries_is_read(metadata: object) -> None:
    body = json.dumps({"id": "evt_1", "type": "x", "data": {"object": {"metadata": metadata}}}).encode()
    list(read_event(body, f"t=1000,v1={signed(body, 1_000)}", SECRET, now=1_000).effect_keys)
