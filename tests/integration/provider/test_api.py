"""Guarantees 1 to 4 of the provider's README: its API in Stripe's shape."""

import asyncio
import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from common.http import Request, TimeoutError_, Transport
from tests.integration.provider.conftest import KEY

AUTHORISATION = ("authorization", f"Bearer {KEY}")


async def post(
    provider: Transport, path: str, key: str | None = None, *, seconds: float = 10, **form: str
) -> tuple[int, dict[str, Any]]:
    headers = [AUTHORISATION, *([("idempotency-key", key)] if key else [])]
    body = urlencode({name.replace("__", "[") + "]" * ("__" in name): value for name, value in form.items()})
    request = Request(f"/v1/{path}", body.encode(), headers=tuple(headers))
    response = await provider.send(request, timeout=seconds)
    return response.status, json.loads(response.body)


async def get(provider: Transport, path: str) -> dict[str, Any]:
    response = await provider.send(Request(f"/v1/{path}", method="GET", headers=(AUTHORISATION,)))
    assert response.status == 200, response.body
    return dict(json.loads(response.body))


async def authorise(
    provider: Transport, method: str = "pm_card_visa", key: str | None = None, **form: str
) -> tuple[int, dict[str, Any]]:
    given = {"amount": "1000", "currency": "eur", "capture_method": "manual", "confirm": "true"}
    return await post(provider, "payment_intents", key, **(given | {"payment_method": method} | form))


async def report(provider: Transport) -> list[dict[str, str]]:
    today = datetime.now(UTC).date().isoformat()
    path = f"/v1/reports/balance?first={today}&last={today}"
    response = await provider.send(Request(path, method="GET", headers=(AUTHORISATION,)))
    return list(csv.DictReader(io.StringIO(response.body.decode())))


async def test_an_amount_is_set_aside_captured_in_part_and_refunded_in_part(provider: Transport) -> None:
    _, intent = await authorise(provider, metadata__reference="order 7")
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 1_000)
    path = f"payment_intents/{intent['id']}/capture"
    _, captured = await post(provider, path, amount_to_capture="700")
    assert (captured["status"], captured["amount_received"]) == ("succeeded", 700)
    _, refund = await post(provider, "refunds", payment_intent=intent["id"], amount="200")
    assert (refund["status"], refund["amount"]) == ("succeeded", 200)
    lines = [
        (line["reporting_category"], line["gross"], line["fee"], line["net"])
        for line in await report(provider)
    ]
    assert lines == [("charge", "700", "11", "689"), ("refund", "-200", "0", "-200")]
    assert {line["reference"] for line in await report(provider)} == {"order 7"}


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
async def test_a_card_declines_by_code(provider: Transport, method: str, code: str) -> None:
    status, answer = await authorise(provider, method)
    assert (status, answer["error"]["decline_code"]) == (402, code)
    assert answer["error"]["payment_intent"]["status"] == "requires_payment_method"


async def test_one_key_is_one_charge_however_many_ask_at_once(provider: Transport) -> None:
    answers = await asyncio.gather(*(authorise(provider, key="k") for _ in range(20)))
    assert len({answer["id"] for _, answer in answers}) == 1
    status, answer = await authorise(provider, key="k", amount="1001")
    assert (status, answer["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "12.5"}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"capture_method": "automatic"}, "capture_method"),
        ({"payment_method": "pm_none"}, "pm_none"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_a_request_is_refused(
    provider: Transport, form: dict[str, str], param: str
) -> None:
    status, answer = await authorise(provider, **form)
    assert status == 400
    assert param in answer["error"]["message"]


async def test_without_the_key_there_is_no_answer(provider: Transport) -> None:
    response = await provider.send(Request("/v1/payment_intents", headers=(("authorization", "Bearer x"),)))
    assert response.status == 401


async def test_states_that_are_over_refuse(provider: Transport) -> None:
    _, intent = await authorise(provider)
    path = f"payment_intents/{intent['id']}"
    assert (await post(provider, f"{path}/capture", amount_to_capture="1001"))[0] == 400
    assert (await post(provider, f"{path}/cancel"))[1]["status"] == "canceled"
    for verb in ("capture", "cancel", "confirm"):
        _, answer = await post(provider, f"{path}/{verb}")
        assert answer["error"]["code"] == "payment_intent_unexpected_state"
    status, _ = await post(provider, "refunds", payment_intent=intent["id"])
    assert status == 400


async def test_twenty_refunds_at_once_give_no_more_than_was_taken(provider: Transport) -> None:
    _, intent = await authorise(provider)
    await post(provider, f"payment_intents/{intent['id']}/capture")
    asked = [post(provider, "refunds", payment_intent=intent["id"], amount="300") for _ in range(20)]
    assert [status for status, _ in await asyncio.gather(*asked)].count(200) == 3
    listed = await get(provider, f"refunds?payment_intent={intent['id']}")
    assert sum(refund["amount"] for refund in listed["data"]) == 900


async def test_intents_are_found_by_their_metadata(provider: Transport) -> None:
    _, first = await authorise(provider, metadata__order="7", metadata__op="x")
    await authorise(provider, metadata__order="8")
    for query in (
        "metadata['order']:'7'",
        "-metadata['op']:null",
        "-metadata['op']:null AND metadata['order']:'7'",
    ):
        found = await get(provider, f"payment_intents/search?query={quote(query)}")
        assert [intent["id"] for intent in found["data"]] == [first["id"]]


@pytest.mark.parametrize(
    ("decision", "status"), [("approve", "requires_capture"), ("refuse", "requires_payment_method")]
)
async def test_the_payer_approves_or_refuses_on_a_page(
    provider: Transport, decision: str, status: str
) -> None:
    _, intent = await authorise(
        provider, "pm_card_threeDSecure2Required", return_url="https://shop.example/back"
    )
    assert intent["status"] == "requires_action"
    url = intent["next_action"]["redirect_to_url"]["url"]
    target = url.removeprefix("http://127.0.0.1:4000/provider")
    page = await provider.send(Request(target, method="GET"))
    challenge = re.search(rb'name="challenge" value="([^"]+)"', page.body)
    assert challenge
    for answer in (decision, "approve"):  # the first counts
        body = urlencode({"challenge": challenge[1].decode(), "decision": answer}).encode()
        sent = await provider.send(Request(target.partition("?")[0], body))
        assert (sent.status, sent.header("location")) == (303, "https://shop.example/back")
    assert (await get(provider, f"payment_intents/{intent['id']}"))["status"] == status


@pytest.mark.parametrize(
    ("currency", "shown"), [("eur", "10.00 EUR"), ("jpy", "1000 JPY"), ("kwd", "1.000 KWD")]
)
async def test_the_page_shows_minor_units_as_the_currency_has_them(
    provider: Transport, currency: str, shown: str
) -> None:
    _, intent = await authorise(provider, "pm_card_threeDSecure2Required", currency=currency)
    url = intent["next_action"]["redirect_to_url"]["url"]
    page = await provider.send(Request(url.removeprefix("http://127.0.0.1:4000/provider"), method="GET"))
    assert f"Do you pay {shown}?" in page.body.decode()


async def test_the_page_needs_its_secret(provider: Transport) -> None:
    _, intent = await authorise(provider, "pm_card_threeDSecure2Required")
    page = await provider.send(Request(f"/3ds/{intent['id']}?challenge=x", method="GET"))
    assert page.status == 404


async def test_it_charges_and_says_500_to_the_same_key_for_ever(provider: Transport) -> None:
    _, intent = await authorise(provider, "pm_card_capture_error")
    path = f"payment_intents/{intent['id']}"
    for _ in range(2):
        assert (await post(provider, f"{path}/capture", "k"))[0] == 500
    assert (await get(provider, path))["status"] == "succeeded"


@pytest.mark.parametrize(("fault", "status"), [("timesOut", "succeeded"), ("lost", "requires_capture")])
async def test_it_gives_no_answer_whether_it_charged_or_not(
    provider: Transport, fault: str, status: str
) -> None:
    _, intent = await authorise(provider, f"pm_card_capture_{fault}")
    path = f"payment_intents/{intent['id']}"
    with pytest.raises(TimeoutError_):
        await post(provider, f"{path}/capture", "k", seconds=0.5)
    assert (await get(provider, path))["status"] == status
