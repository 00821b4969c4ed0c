"""Guarantee 52 of identity's README: a pushed request is its client's alone, is seen by no browser, and is good for one code."""

import asyncio
from typing import Any

import pytest

from common.database import Database
from tests.integration.identity.browsing import Page
from tests.integration.identity.conftest import Identity
from tests.integration.identity.relying import RelyingParty, answered, claims

PASSWORD = "long enough"
USED = "Begin there again."


async def pushed(relying_party: RelyingParty, **changes: str | None) -> str:
    answer = await relying_party.push(**changes)
    assert answer.status_code == 201, answer.text
    assert answer.json()["expires_in"] == 600
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["request_uri"])


def is_refused(page: Page) -> bool:
    return (page.status, page.title) == (400, "This does not work") and USED in page.text


async def test_what_was_pushed_is_what_is_granted(identity: Identity, relying_party: RelyingParty) -> None:
    await identity.sign_up()
    request_uri = await pushed(relying_party, scope="openid email", state="s", login_hint="ada@hansa.example")
    page = await relying_party.browser.get(
        "/oauth/authorize",
        client_id=relying_party.client_id,
        request_uri=request_uri,
        scope="openid profile graph",
        state="another",
    )
    assert 'value="ada@hansa.example"' in page.text
    assert "rp.example" in page.headers["content-security-policy"]
    page = await relying_party.browser.sign_in("ada@hansa.example", PASSWORD, page)
    assert "See your e-mail address" in page.text
    assert "See your name" not in page.text
    answer = answered(await relying_party.browser.submit(page, button="allow"))
    assert answer["state"] == "s"
    tokens = (await relying_party.exchange(answer["code"])).json()
    assert tokens["scope"] == "email openid"
    assert claims(tokens["id_token"])["nonce"] == "a nonce"


@pytest.mark.usefixtures("ada")
async def test_it_is_good_for_one_code(relying_party: RelyingParty) -> None:
    request_uri = await pushed(relying_party)
    assert "code" in answered(await relying_party.allowed(await relying_party.bring(request_uri)))
    assert is_refused(await relying_party.bring(request_uri))


@pytest.mark.usefixtures("ada")
async def test_of_many_browsers_at_once_one_is_given_a_code(relying_party: RelyingParty) -> None:
    await relying_party.code()  # nothing is asked any more
    request_uri = await pushed(relying_party)
    pages = await asyncio.gather(*(relying_party.bring(request_uri) for _ in range(8)))
    assert sum("code=" in page.url for page in pages) == 1
    assert all("code=" in page.url or "invalid_request" in page.url or is_refused(page) for page in pages)


@pytest.mark.usefixtures("ada")
async def test_after_a_denial_it_is_gone(relying_party: RelyingParty) -> None:
    request_uri = await pushed(relying_party, state="s")
    page = await relying_party.browser.submit(await relying_party.bring(request_uri), button="deny")
    assert (answered(page)["error"], answered(page)["state"]) == ("access_denied", "s")
    assert is_refused(await relying_party.bring(request_uri))


@pytest.mark.usefixtures("ada")
async def test_another_sign_in_that_it_asks_for_happens_once(relying_party: RelyingParty) -> None:
    request_uri = await pushed(relying_party, prompt="login")
    page = await relying_party.bring(request_uri)
    assert page.title == "Sign in"
    page = await relying_party.browser.sign_in("ada@hansa.example", PASSWORD, page)
    assert "code" in answered(await relying_party.allowed(page))


@pytest.mark.usefixtures("ada")
async def test_it_counts_for_ten_minutes_and_its_client(
    relying_party: RelyingParty, database: Database
) -> None:
    request_uri = await pushed(relying_party)
    other = RelyingParty(relying_party.browser, client_id="public-client", secret=None)
    assert is_refused(await other.bring(request_uri))
    assert is_refused(await relying_party.bring(f"{request_uri}x"))
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE pushed_request SET expires_at = now()")
    assert is_refused(await relying_party.bring(request_uri))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://rp.example/other"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"request": "e30.e30."}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
async def test_a_request_that_would_be_refused_is_refused_at_once(
    relying_party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    answer = await relying_party.push(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_who_pushes_proves_who_they_are(relying_party: RelyingParty, database: Database) -> None:
    guessing = RelyingParty(relying_party.browser, secret="guessed")
    answer = await guessing.push()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    async with database.transaction() as transaction:
        assert (await transaction.execute("SELECT count(*) FROM pushed_request")).scalar_one() == 0


async def test_a_secret_is_not_kept(relying_party: RelyingParty, database: Database) -> None:
    secret = relying_party.secret or ""
    by_form = RelyingParty(relying_party.browser, secret=None)
    assert (await by_form.push(client_secret=secret)).status_code == 201
    async with database.transaction() as transaction:
        kept: Any = (await transaction.execute("SELECT fields FROM pushed_request")).scalar_one()
    assert secret not in kept.values()


@pytest.mark.usefixtures("ada")
async def test_a_client_that_must_push_is_not_heard_otherwise(
    relying_party: RelyingParty, database: Database
) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE client SET require_pushed_authorization_requests = true")
    refused = answered(await relying_party.authorize())
    assert (refused["error"], refused["state"]) == ("invalid_request", "a state")
    page = await relying_party.bring(await pushed(relying_party))
    assert "code" in answered(await relying_party.allowed(page))
