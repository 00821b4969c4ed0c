"""The card adapter where the provider gives trouble: what is not known is said to be unknown, and then found."""

import asyncio
import re
from urllib.parse import urlencode

import pytest

from common.http import Request, Transport, open_transport
from common.settings import Secret
from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.port import ActionRequired, Declined, Outcome, Succeeded, Unknown
from subgraphs.payments.provider.stripe import StripeProvider
from subgraphs.provider.routes import answering
from tests.integration.payments.providers.conftest import Adapter
from tests.integration.provider.conftest import KEY

PRICE = Money(1_000, "EUR")
OPERATIONS = ("authorise", "capture", "cancel", "refund")


@pytest.fixture
def hasty(provider: Transport) -> StripeProvider:
    return StripeProvider(provider, Secret(KEY), return_url="https://shop.example/back", timeout=1.0)


async def perform(card: StripeProvider, operation: str, method: str) -> tuple[str, Outcome]:
    """Everything up to the operation, and what that came to."""
    authorised = await card.authorise("a", PRICE, method, "order 7")
    if operation == "authorise":
        return "a", authorised
    assert isinstance(authorised, Succeeded)
    if operation == "cancel":
        return "v", await card.void("v", authorised.reference)
    captured = await card.capture("c", authorised.reference, PRICE)
    if operation == "capture":
        return "c", captured
    return "r", await card.refund("r", authorised.reference, PRICE)


@pytest.mark.parametrize("adapter", ["card"], indirect=True)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", ["timesOut", "error", "late"])
async def test_what_was_done_without_an_answer_is_unknown_and_found(
    hasty: StripeProvider, adapter: Adapter, operation: str, fault: str
) -> None:
    key, outcome = await perform(hasty, operation, f"pm_card_{operation}_{fault}")
    assert isinstance(outcome, Unknown)
    assert isinstance(await hasty.find(key), Succeeded)
    assert all(count == 1 for count, _ in (await adapter.books()).values())


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_was_lost_is_not_found_and_done_by_asking_again(
    hasty: StripeProvider, operation: str
) -> None:
    key, outcome = await perform(hasty, operation, f"pm_card_{operation}_lost")
    assert isinstance(outcome, Unknown)
    assert await hasty.find(key) is None
    _, again = await perform(hasty, operation, f"pm_card_{operation}_lost")
    assert isinstance(again, Succeeded)
    assert await hasty.find(key) == again


@pytest.mark.parametrize(("decision", "kind"), [("approve", Succeeded), ("refuse", Declined)])
async def test_three_d_secure_waits_for_the_payer(
    hasty: StripeProvider, provider: Transport, decision: str, kind: type
) -> None:
    outcome = await hasty.authorise("a", PRICE, "pm_card_threeDSecure2Required", "order 7")
    assert isinstance(outcome, ActionRequired)
    assert await hasty.find("a") == outcome
    match = re.search(r"/3ds/(\w+)\?challenge=(.+)", outcome.url)
    assert match
    body = urlencode({"challenge": match[2], "decision": decision}).encode()
    await provider.send(Request(f"/3ds/{match[1]}", body))
    assert isinstance(await hasty.find("a"), kind)


async def test_a_challenge_that_nobody_answers_can_be_let_go(hasty: StripeProvider) -> None:
    outcome = await hasty.authorise("a", PRICE, "pm_card_threeDSecure2Required", "order 7")
    assert isinstance(outcome, ActionRequired)
    assert isinstance(await hasty.void("v", outcome.reference), Succeeded)
    found = await hasty.find("a")
    assert isinstance(found, Declined)
    assert found.code == "canceled"


async def test_a_provider_that_is_away_is_unknown() -> None:
    transport = open_transport("http://127.0.0.1:9")
    away = StripeProvider(transport, Secret(KEY), return_url="https://shop.example/back")
    assert isinstance(await away.authorise("a", PRICE, "pm_card_visa", "order 7"), Unknown)
    assert isinstance(await away.find("a"), Unknown)
    await transport.close()


async def test_a_wrong_secret_is_no_refusal_of_the_card(provider: Transport) -> None:
    card = StripeProvider(provider, Secret("sk_wrong"), return_url="https://shop.example/back")
    assert isinstance(await card.authorise("a", PRICE, "pm_card_visa", "order 7"), Unknown)


async def test_a_late_answer_comes_in_time_for_the_patient(
    card: StripeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "LATE", 0.2)
    started = asyncio.get_running_loop().time()
    outcome = await card.authorise("a", PRICE, "pm_card_authorise_late", "order 7")
    assert isinstance(outcome, Succeeded)
    assert asyncio.get_running_loop().time() - started >= 0.2
