"""Guarantees 12 and 13 of payments' README: who watches a checkout sees it, and the provider's webhooks are reasons to look."""

import hashlib
import hmac
import json
import time

import pytest

from common.http import Request, Response
from tests.integration.payments.checkouts.conftest import Shop

WATCH = "subscription ($id: ID!) { checkoutUpdated(id: $id) { state version } }"


async def watch(shop: Shop, id_: str, user: str = "ada") -> list[tuple[str, int]]:
    """Everything that the subscription gives until it ends."""
    headers = (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("authorization", f"Bearer {shop.issuer.token({'sub': user})}"),
    )
    body = json.dumps({"query": WATCH, "variables": {"id": id_}}).encode()
    response = await shop.transports["payments"].send(Request("/graphql", body, headers=headers), timeout=60)
    lines = response.body.decode().splitlines()
    found = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    updates = [each["data"]["checkoutUpdated"] for each in found]
    return [(update["state"], update["version"]) for update in updates]


async def test_a_checkout_is_watched_until_it_has_ended_by_its_payer_alone(shop: Shop) -> None:
    begun = await shop.begin(await shop.reserve(), provider="CARD", token="pm_card_visa")
    assert await watch(shop, begun["id"], "bob") == []
    seen = await watch(shop, begun["id"])
    assert seen[-1][0] == "COMPLETED"
    versions = [version for _, version in seen]
    assert versions == sorted(set(versions))
    assert await watch(shop, "nonsense") == []


async def tell(shop: Shop, event: dict[str, object], secret: str = "whsec_wismar", age: int = 0) -> Response:
    body, at = json.dumps(event).encode(), int(time.time()) - age
    digest = hmac.new(secret.encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()
    headers = (("stripe-signature", f"t={at},v1={digest}"), ("content-type", "application/json"))
    return await shop.transports["payments"].send(Request("/webhooks/card", body, headers=headers))


def event_about(key: str, id_: str = "evt_1") -> dict[str, object]:
    return {
        "id": id_,
        "type": "x",
        "data": {"object": {"metadata": {"op_1": f"authorise {key}"}, "status": "lies"}},
    }


async def test_webhooks_that_lie_come_twice_or_name_nothing_change_nothing(shop: Shop) -> None:
    """Only what the provider answers when it is asked counts."""
    begun = await shop.begin(await shop.reserve(), provider="CARD", token="pm_card_threeDSecure2Required")
    await shop.until(begun["id"], lambda found: found["actionUrl"] is not None)
    key = (await shop.run("SELECT effect_key FROM attempt")).scalar_one()
    for id_ in ("evt_1", "evt_1", "evt_2"):
        assert (await tell(shop, event_about(key, id_))).status == 200
    assert (await tell(shop, event_about("nonsense", "evt_3"))).status == 200
    assert (await tell(shop, {"id": "evt_4", "type": "y"})).status == 200
    waiting = await shop.look(begun["id"])
    assert (waiting["state"], waiting["actionUrl"] is None) == ("AUTHORISING", False)
    await shop.answer_bank(waiting["actionUrl"], "approve")
    assert (await shop.ended(begun["id"]))["state"] == "COMPLETED"


@pytest.mark.parametrize(("secret", "age"), [("whsec_other", 0), ("whsec_wismar", 301)])
async def test_a_webhook_that_is_not_the_providers_is_refused(shop: Shop, secret: str, age: int) -> None:
    refused = await tell(shop, event_about("k"), secret, age)
    assert (refused.status, json.loads(refused.body)["code"]) == (400, "BAD_SIGNATURE")
    taken = await shop.run("SELECT count(*) FROM inbox WHERE consumer = 'webhook card'")
    assert taken.scalar_one() == 0


async def test_a_webhook_that_is_too_large_is_refused(shop: Shop) -> None:
    assert (await tell(shop, {"id": "e", "type": "x" * 300_000})).status == 413
