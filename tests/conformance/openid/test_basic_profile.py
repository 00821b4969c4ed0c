"""The modules of the OpenID Foundation's basic certification profile (`oidcc-basic-certification-test-plan`), by their names.

Each does and checks what its module does. Two differ by design: requests carry PKCE, which this provider demands, and `response_mode`
`form_post` is not offered. A module that asks for what is optional passes when it is refused as the specification says.
"""

import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from common.database import Database
from tests.integration.identity.browsing import Browser
from tests.integration.identity.conftest import Identity
from tests.integration.identity.relying import OTHER_REDIRECT_URI, RelyingParty, answered, claims

PASSWORD = "long enough"
EMAIL = "ada@hansa.example"

pytestmark = pytest.mark.usefixtures("ada")


async def checked(relying_party: RelyingParty, tokens: dict[str, Any], nonce: str | None = "a nonce") -> Any:
    """The ID token's claims, after what OpenID Connect Core section 3.1.3.7 has a client check."""
    jwks = (
        await relying_party.browser.client.get(f"{relying_party.browser.site}/.well-known/jwks.json")
    ).json()
    decoded = jwt.decode(tokens["id_token"], KeySet.import_key_set(jwks), algorithms=["RS256"])
    assert decoded.claims["iss"] == relying_party.browser.site
    assert decoded.claims["aud"] == relying_party.client_id
    assert decoded.claims["exp"] > decoded.claims["iat"]
    assert decoded.claims.get("nonce") == nonce
    return decoded.claims


async def signed_in_again(relying_party: RelyingParty, **changes: str) -> dict[str, Any]:
    """Tokens after a request that makes the user sign in although they are."""
    page = await relying_party.authorize(**changes)
    assert page.title == "Sign in"
    page = await relying_party.allowed(await relying_party.browser.sign_in(EMAIL, PASSWORD, page))
    response = await relying_party.exchange(answered(page)["code"])
    return dict(response.json())


async def test_oidcc_server(relying_party: RelyingParty) -> None:
    await checked(relying_party, await relying_party.tokens())


async def test_oidcc_response_type_missing(relying_party: RelyingParty) -> None:
    assert answered(await relying_party.authorize(response_type=None))["error"] == "invalid_request"


async def test_oidcc_userinfo_get(relying_party: RelyingParty) -> None:
    tokens = await relying_party.tokens()
    answer = await relying_party.userinfo(tokens["access_token"])
    assert answer.json()["sub"] == claims(tokens["id_token"])["sub"]


async def test_oidcc_userinfo_post_header(relying_party: RelyingParty) -> None:
    tokens = await relying_party.tokens()
    url, headers = (
        f"{relying_party.browser.site}/oauth/userinfo",
        {"authorization": f"Bearer {tokens['access_token']}"},
    )
    answer = await relying_party.browser.client.post(url, headers=headers)
    assert answer.json()["sub"] == claims(tokens["id_token"])["sub"]


async def test_oidcc_userinfo_post_body(relying_party: RelyingParty) -> None:
    tokens = await relying_party.tokens()
    url = f"{relying_party.browser.site}/oauth/userinfo"
    answer = await relying_party.browser.client.post(url, data={"access_token": tokens["access_token"]})
    assert answer.json()["sub"] == claims(tokens["id_token"])["sub"]


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(relying_party: RelyingParty) -> None:
    await checked(relying_party, await relying_party.tokens(nonce=None), nonce=None)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid profile", {"name", "updated_at"}),
        ("openid email", {"email", "email_verified"}),
        ("openid address", set()),
        ("openid phone", set()),
        ("openid profile email address phone", {"name", "updated_at", "email", "email_verified"}),
    ],
    ids=["profile", "email", "address", "phone", "all"],
)
async def test_oidcc_scope(relying_party: RelyingParty, scope: str, names: set[str]) -> None:
    tokens = await relying_party.tokens(scope=scope)
    told = (await relying_party.userinfo(tokens["access_token"])).json()
    assert set(told) == {"sub"} | names


async def test_oidcc_ensure_other_scope_order_succeeds(relying_party: RelyingParty) -> None:
    await checked(relying_party, await relying_party.tokens(scope="email openid"))


@pytest.mark.parametrize("display", ["page", "popup"])
async def test_oidcc_display(relying_party: RelyingParty, display: str) -> None:
    await checked(relying_party, await relying_party.tokens(display=display))


async def test_oidcc_prompt_login(relying_party: RelyingParty) -> None:
    first = claims((await relying_party.tokens())["id_token"])
    second = await checked(relying_party, await signed_in_again(relying_party, prompt="login"))
    assert second["sub"] == first["sub"]
    assert second["auth_time"] >= first["auth_time"]


async def test_oidcc_prompt_none_not_logged_in(relying_party: RelyingParty) -> None:
    await relying_party.browser.submit(await relying_party.browser.get("/sign-out"))
    assert answered(await relying_party.authorize(prompt="none"))["error"] == "login_required"


async def test_oidcc_prompt_none_logged_in(relying_party: RelyingParty) -> None:
    refused = answered(await relying_party.authorize(prompt="none"))
    assert refused["error"] == "consent_required"
    first = claims((await relying_party.tokens())["id_token"])
    answer = answered(await relying_party.authorize(prompt="none"))
    second = await checked(relying_party, (await relying_party.exchange(answer["code"])).json())
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


async def test_oidcc_max_age_1(relying_party: RelyingParty, database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE session SET authenticated_at = now() - interval '2 s'")
    first = claims((await relying_party.tokens())["id_token"])
    second = await checked(relying_party, await signed_in_again(relying_party, max_age="1"))
    assert second["auth_time"] > first["auth_time"]


async def test_oidcc_max_age_10000(relying_party: RelyingParty) -> None:
    first = claims((await relying_party.tokens())["id_token"])
    second = await checked(relying_party, await relying_party.tokens(max_age="10000"))
    assert second["auth_time"] == first["auth_time"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(relying_party: RelyingParty) -> None:
    await checked(relying_party, await relying_party.tokens(extra="foobar"))


async def test_oidcc_id_token_hint(relying_party: RelyingParty, identity: Identity) -> None:
    first = await relying_party.tokens()
    answer = answered(await relying_party.authorize(prompt="none", id_token_hint=first["id_token"]))
    second = claims((await relying_party.exchange(answer["code"])).json()["id_token"])
    assert second["sub"] == claims(first["id_token"])["sub"]
    await identity.sign_up("bob@hansa.example")
    other = await relying_party.browser.get("/sign-in", **{"continue": "/device"})
    await relying_party.browser.sign_in("bob@hansa.example", PASSWORD, other)
    refused = answered(await relying_party.authorize(prompt="none", id_token_hint=first["id_token"]))
    assert refused["error"] == "login_required"


async def test_oidcc_login_hint(relying_party: RelyingParty) -> None:
    await relying_party.browser.submit(await relying_party.browser.get("/sign-out"))
    page = await relying_party.authorize(login_hint="bob@example.com")
    assert 'value="bob@example.com"' in page.text


@pytest.mark.parametrize("parameter", ["ui_locales", "claims_locales"])
async def test_oidcc_locales(relying_party: RelyingParty, parameter: str) -> None:
    await checked(relying_party, await relying_party.tokens(**{parameter: "se"}))


async def test_oidcc_ensure_request_with_acr_values_succeeds(relying_party: RelyingParty) -> None:
    await checked(relying_party, await relying_party.tokens(acr_values="1 2"))


async def test_oidcc_codereuse(relying_party: RelyingParty) -> None:
    code = await relying_party.code()
    await relying_party.exchange(code)
    assert (await relying_party.exchange(code)).json()["error"] == "invalid_grant"


async def test_oidcc_codereuse_30seconds(relying_party: RelyingParty, database: Database) -> None:
    code = await relying_party.code()
    tokens = (await relying_party.exchange(code)).json()
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE authorization_code SET expires_at = now() - interval '30 s'")
    assert (await relying_party.exchange(code)).json()["error"] == "invalid_grant"
    assert (await relying_party.userinfo(tokens["access_token"])).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(relying_party: RelyingParty) -> None:
    page = await relying_party.authorize(redirect_uri="https://rp.example/unregistered")
    assert (page.status, page.title) == (400, "This does not work")


async def test_oidcc_ensure_post_request_succeeds(relying_party: RelyingParty) -> None:
    page = await relying_party.browser.post("/oauth/authorize", relying_party.request())
    answer = answered(await relying_party.allowed(page))
    await checked(relying_party, (await relying_party.exchange(answer["code"])).json())


async def test_oidcc_server_client_secret_post(relying_party: RelyingParty, browser: Browser) -> None:
    code, secret = await relying_party.code(), relying_party.secret
    assert secret is not None
    by_form = RelyingParty(browser, secret=None, verifier=relying_party.verifier)
    tokens = (await by_form.exchange(code, client_secret=secret)).json()
    await checked(relying_party, tokens)


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    relying_party: RelyingParty,
) -> None:
    answer = answered(await relying_party.authorize(request="eyJhbGciOiJub25lIn0.e30."))
    assert answer["error"] == "request_not_supported"


async def test_oidcc_ensure_request_object_with_redirect_uri(relying_party: RelyingParty) -> None:
    answer = answered(await relying_party.authorize(request_uri="https://rp.example/request.jwt"))
    assert answer["error"] == "request_uri_not_supported"


async def test_oidcc_claims_essential(relying_party: RelyingParty) -> None:
    asked = {"userinfo": {"name": {"essential": True}}, "id_token": {"email": None, "acr": {"value": "1"}}}
    tokens = await relying_party.tokens(claims=json.dumps(asked))
    assert (await relying_party.userinfo(tokens["access_token"])).json()["name"] == "Ada"
    assert (await checked(relying_party, tokens))["email"] == EMAIL


async def test_oidcc_refresh_token(relying_party: RelyingParty) -> None:
    tokens = await relying_party.tokens(scope="openid offline_access", prompt="consent")
    fresh = (await relying_party.refresh(tokens["refresh_token"])).json()
    before, after = claims(tokens["id_token"]), await checked(relying_party, fresh, nonce=None)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after[name] == before[name]
    assert after["iat"] >= before["iat"]


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(relying_party: RelyingParty) -> None:
    code = await relying_party.code()
    wrong = await relying_party.post(
        "/oauth/token",
        grant_type="authorization_code",
        code=code,
        redirect_uri=relying_party.redirect_uri,
        code_verifier="x" * 43,
    )
    assert wrong.json()["error"] == "invalid_grant"
    await checked(relying_party, (await relying_party.exchange(code)).json())


async def test_oidcc_redirect_uri_query_ok(relying_party: RelyingParty, browser: Browser) -> None:
    other = RelyingParty(browser, redirect_uri=OTHER_REDIRECT_URI)
    answer = answered(await other.allowed(await other.authorize()))
    assert answer["x"] == "1"
    assert relying_party.client_id == other.client_id
    assert (await other.exchange(answer["code"])).status_code == 200


async def test_oidcc_discovery_endpoint_verification(relying_party: RelyingParty) -> None:
    url = f"{relying_party.browser.site}/.well-known/openid-configuration"
    document = (await relying_party.browser.client.get(url)).json()
    assert document["issuer"] == relying_party.browser.site
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert document["claims_parameter_supported"] is True
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        assert document[name].startswith(f"{relying_party.browser.site}/")
