"""Guarantees 27 to 29 and 31 of identity's README: who is sent where, with what, and what a code is good for."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from common.database import Database
from tests.integration.identity.browsing import Browser
from tests.integration.identity.relying import REDIRECT_URI, SECRET, RelyingParty, answered, claims

PASSWORD = "long enough"


async def test_a_code_after_sign_in_and_consent_becomes_tokens(
    identity: Any, relying_party: RelyingParty
) -> None:
    user = (await identity.sign_up())["user"]
    page = await relying_party.authorize(scope="openid profile email", login_hint="ada@hansa.example")
    assert (page.title, 'value="ada@hansa.example"' in page.text) == ("Sign in", True)
    page = await relying_party.browser.sign_in("ada@hansa.example", PASSWORD, page)
    assert (page.title, "See your e-mail address" in page.text) == ("Allow Relying Party?", True)
    answer = answered(await relying_party.browser.submit(page, button="allow"))
    assert (answer["state"], answer["iss"]) == ("a state", relying_party.browser.site)
    response = await relying_party.exchange(answer["code"])
    tokens = response.json()
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (
        "Bearer",
        600,
        "email openid profile",
    )
    id_token, access_token = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert (id_token["sub"], id_token["aud"], id_token["nonce"]) == (user["id"], "relying-party", "a nonce")
    assert id_token["sid"] == access_token["sid"]
    assert (access_token["aud"], access_token["client_id"]) == ("hansa", "relying-party")
    told = (await relying_party.userinfo(tokens["access_token"])).json()
    assert (told["sub"], told["name"], told["email"]) == (user["id"], "Ada", "ada@hansa.example")


@pytest.mark.usefixtures("ada")
async def test_consent_is_remembered_for_what_was_asked(relying_party: RelyingParty) -> None:
    await relying_party.code(scope="openid email")
    assert "code" in answered(await relying_party.authorize(scope="openid"))
    more = await relying_party.authorize(scope="openid profile")
    assert more.title == "Allow Relying Party?"
    assert answered(await relying_party.browser.submit(more, button="deny"))["error"] == "access_denied"
    again = await relying_party.authorize(scope="openid email", prompt="consent")
    assert again.title == "Allow Relying Party?"


@pytest.mark.usefixtures("ada")
async def test_the_platforms_own_client_asks_nobody(browser: Browser) -> None:
    console = RelyingParty(browser, "hansa", None, "https://hansa.example/")
    page = await console.authorize(scope="openid graph identity:admin")
    assert page.url.startswith("https://hansa.example/?code=")
    code = page.url.partition("code=")[2].partition("&")[0]
    tokens = (await console.exchange(code)).json()
    assert tokens["scope"] == "graph openid"  # the user is no admin
    assert claims(tokens["access_token"])["roles"] == ["member"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "x" * 200},
        {"redirect_uri": None},
        {"redirect_uri": "https://rp.example/callback/"},
        {"redirect_uri": "https://rp.example/callback?x=1"},
        {"redirect_uri": "https://rp.example/callback#x"},
        {"redirect_uri": "https://rp.example@evil.example/callback"},
        {"redirect_uri": "https://evil.example/"},
        {"state": "x" * 10_000},
        {"state": "\x00"},
    ],
)
@pytest.mark.usefixtures("ada")
async def test_a_request_that_is_not_safe_gets_a_page_and_no_redirect(
    relying_party: RelyingParty, changes: dict[str, str | None]
) -> None:
    page = await relying_party.authorize(**changes)
    assert page.status == (404 if "client_id" in changes else 400)
    assert page.title == "This does not work"
    assert "location" not in page.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "unheard-of"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://rp.example/request"}, "request_uri_not_supported"),
        ({"nonce": "x" * 3000}, "invalid_request"),
    ],
)
@pytest.mark.usefixtures("ada")
async def test_a_wrong_request_is_told_to_the_client(
    relying_party: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    answer = answered(await relying_party.authorize(**changes))
    assert (answer["error"], answer["state"]) == (error, "a state")
    assert answer["iss"] == relying_party.browser.site
    assert "code" not in answer


async def test_a_parameter_that_is_there_twice_is_refused(relying_party: RelyingParty) -> None:
    query = urlencode([*relying_party.request().items(), ("client_id", "other")])
    page = await relying_party.browser.get(f"/oauth/authorize?{query}")
    assert (page.status, page.title) == (400, "This does not work")


@pytest.mark.usefixtures("ada")
async def test_a_consent_from_another_sites_form_is_refused(relying_party: RelyingParty) -> None:
    fields = {"request": urlencode(relying_party.request()), "decision": "allow"}
    assert (await relying_party.browser.post("/oauth/consent", fields)).status == 403


@pytest.mark.usefixtures("ada")
async def test_the_consent_page_may_lead_to_the_client_and_nowhere_else(relying_party: RelyingParty) -> None:
    policy = (await relying_party.authorize()).headers["content-security-policy"]
    assert "form-action 'self' https://rp.example;" in policy


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://rp.example/other?x=1"},
        {"code_verifier": "x" * 43},
        {"code_verifier": "é" * 43},
        {"code": "x" * 43},
    ],
)
@pytest.mark.usefixtures("ada")
async def test_a_code_is_bound_to_its_request(relying_party: RelyingParty, changes: dict[str, str]) -> None:
    values = {
        "grant_type": "authorization_code",
        "code": await relying_party.code(),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": relying_party.verifier,
    }
    answer = await relying_party.post("/oauth/token", **{**values, **changes})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await relying_party.post("/oauth/token", **values)).status_code == 200


@pytest.mark.usefixtures("ada")
async def test_a_code_is_another_clients_to_nobody(relying_party: RelyingParty, browser: Browser) -> None:
    code = await relying_party.code()
    other = RelyingParty(browser, "public-client", None, verifier=relying_party.verifier)
    assert (await other.exchange(code)).json()["error"] == "invalid_grant"
    assert (await relying_party.exchange(code)).status_code == 200


@pytest.mark.usefixtures("ada")
async def test_a_code_that_comes_twice_ends_what_it_gave(
    relying_party: RelyingParty, database: Database
) -> None:
    code = await relying_party.code(scope="openid offline_access")
    tokens = (await relying_party.exchange(code)).json()
    assert (await relying_party.userinfo(tokens["access_token"])).status_code == 200
    assert (await relying_party.exchange(code)).json()["error"] == "invalid_grant"
    assert (await relying_party.userinfo(tokens["access_token"])).status_code == 401
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    async with database.transaction() as transaction:
        kinds = (await transaction.execute("SELECT kind FROM revocation")).scalars().all()
        events = (await transaction.execute("SELECT kind FROM security_event")).scalars().all()
    assert kinds == ["FAMILY"]
    assert events.count("CODE_REUSED") == 1


@pytest.mark.usefixtures("ada")
async def test_of_many_who_bring_a_code_at_once_one_gets_tokens(relying_party: RelyingParty) -> None:
    code = await relying_party.code()
    answers = await asyncio.gather(*(relying_party.exchange(code) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9


@pytest.mark.usefixtures("ada")
async def test_a_code_is_too_old_after_a_minute(relying_party: RelyingParty, database: Database) -> None:
    code = await relying_party.code()
    async with database.transaction() as transaction:
        left = await transaction.execute("SELECT expires_at - now() FROM authorization_code")
        assert 50 < left.scalar_one().total_seconds() <= 60
        await transaction.execute("UPDATE authorization_code SET expires_at = now()")
    assert (await relying_party.exchange(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "openid"}, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "client_id": "other"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_secret": SECRET}, 400, "invalid_request"),
    ],
)
async def test_what_the_token_endpoint_refuses(
    relying_party: RelyingParty, fields: dict[str, str], status: int, error: str
) -> None:
    answer = await relying_party.post("/oauth/token", **{"a": "b", **fields})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("relying_party")
async def test_a_client_that_does_not_prove_itself_is_none(browser: Browser) -> None:
    url = f"{browser.site}/oauth/token"
    grant = {"grant_type": "client_credentials"}
    wrong = RelyingParty(browser, secret="wrong")
    unknown = RelyingParty(browser, client_id="nobody")
    answers = [
        await wrong.post("/oauth/token", **grant),
        await unknown.post("/oauth/token", **grant),
        await browser.client.post(url, data=grant),
        await browser.client.post(url, data={**grant, "client_id": "relying-party"}),
        await browser.client.post(url, data={**grant, "client_id": "public-client", "client_secret": "x"}),
        await browser.client.post(url, data=grant, headers={"authorization": "Basic ///"}),
        await browser.client.post(url, data=grant, headers={"authorization": "Bearer x"}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_clients_own_token_is_of_the_client(relying_party: RelyingParty) -> None:
    answer = await relying_party.post("/oauth/token", grant_type="client_credentials", scope="graph openid")
    token = claims(answer.json()["access_token"])
    assert (token["sub"], token["client_id"], token["scope"]) == ("relying-party", "relying-party", "graph")
    assert "refresh_token" not in answer.json()
    assert (await relying_party.userinfo(answer.json()["access_token"])).status_code == 403


@pytest.mark.usefixtures("ada")
async def test_signing_out_ends_what_the_browser_gave(relying_party: RelyingParty) -> None:
    online = await relying_party.tokens(scope="openid")
    offline = await relying_party.tokens(scope="openid offline_access")
    code = await relying_party.code()
    await relying_party.browser.submit(await relying_party.browser.get("/sign-out"))
    assert (await relying_party.userinfo(online["access_token"])).status_code == 401
    assert (await relying_party.refresh(online["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await relying_party.exchange(code)).json()["error"] == "invalid_grant"
    assert (await relying_party.refresh(offline["refresh_token"])).status_code == 200
