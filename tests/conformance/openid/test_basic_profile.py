"""The modules of the OpenID Foundation's basic certification profile (`oidcc-basic-certification-test-plan`), by their names.

Each does and checks what its module does, against identity and against a certified provider, so that a module which asks for the wrong
thing fails there. Where the two differ, `plan.DIFFERENCES` says how, and what the specification has to say to it.
"""

import base64
import json
from typing import Any

import pytest

from tests.conformance.openid.plan import difference
from tests.conformance.openid.providers import EMAIL, OpenIDProvider
from tests.integration.identity.relying import OTHER_REDIRECT_URI, SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNREGISTERED = "https://rp.example/unregistered"


def unsigned(request: dict[str, str]) -> str:
    """A request object that nobody signed (OpenID Connect Core section 6.1)."""
    parts = ({"alg": "none"}, request)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{'.'.join(encoded)}."


async def claims_of_scope(provider: OpenIDProvider, scope: str) -> set[str]:
    """What userinfo tells beside `sub`."""
    return await claims_of(provider, await provider.tokens(scope=scope))


async def claims_of(provider: OpenIDProvider, tokens: dict[str, Any]) -> set[str]:
    """The same for tokens. The ID token tells none of it (OpenID Connect Core section 5.4)."""
    told = set((await provider.userinfo(tokens["access_token"])).json())
    assert "sub" in told
    assert told & set(await provider.checked(tokens)) == {"sub"}
    return told - {"sub"}


async def test_oidcc_server(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens()
    claims = await provider.checked(tokens)
    assert "name" not in claims
    answer = await provider.userinfo(tokens["access_token"])
    assert (answer.status_code, answer.json()["sub"]) == (200, claims["sub"])
    assert tokens["token_type"].lower() == "bearer"
    assert tokens["expires_in"] > 0


async def test_oidcc_response_type_missing(provider: OpenIDProvider) -> None:
    assert (await provider.arrive(response_type=None)).answer["error"] == "invalid_request"


async def test_oidcc_userinfo_get(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens()
    answer = await provider.userinfo(tokens["access_token"])
    assert answer.json()["sub"] == (await provider.checked(tokens))["sub"]


async def test_oidcc_userinfo_post_header(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens()
    answer = await provider.userinfo(tokens["access_token"], by_post=True)
    assert answer.json()["sub"] == (await provider.checked(tokens))["sub"]


async def test_oidcc_userinfo_post_body(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens()
    fields = {"access_token": tokens["access_token"]}
    answer = await provider.browser.client.post(provider.metadata["userinfo_endpoint"], data=fields)
    assert answer.json()["sub"] == (await provider.checked(tokens))["sub"]


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(nonce=None), nonce=None)


async def test_oidcc_scope_profile(provider: OpenIDProvider) -> None:
    assert await claims_of_scope(provider, "openid profile") == {"name", "updated_at"}


async def test_oidcc_scope_email(provider: OpenIDProvider) -> None:
    assert await claims_of_scope(provider, "openid email") == {"email", "email_verified"}


async def test_oidcc_scope_address(provider: OpenIDProvider) -> None:
    told = await claims_of_scope(provider, "openid address")
    assert " ".join(sorted(told)) == difference("oidcc-scope-address", provider.name)


async def test_oidcc_scope_phone(provider: OpenIDProvider) -> None:
    told = await claims_of_scope(provider, "openid phone")
    assert " ".join(sorted(told)) == difference("oidcc-scope-phone", provider.name)


async def test_oidcc_scope_all(provider: OpenIDProvider) -> None:
    told = await claims_of_scope(provider, "openid profile email address phone")
    assert " ".join(sorted(told)) == difference("oidcc-scope-all", provider.name)


async def test_oidcc_alternate_happy_flow(provider: OpenIDProvider) -> None:
    """The scopes, and the parameters, are the other way round."""
    request = provider.party.request(scope="email openid")
    arrival = await provider.send(dict(reversed(request.items())))
    assert await claims_of(provider, await provider.exchanged(arrival)) == {"email", "email_verified"}


async def test_oidcc_display_page(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(display="page"))


async def test_oidcc_display_popup(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(display="popup"))


async def test_oidcc_prompt_login(provider: OpenIDProvider) -> None:
    first = await provider.checked(await provider.tokens())
    arrival = await provider.arrive(prompt="login")
    assert len(arrival.signed_in) == 1
    second = await provider.checked(await provider.exchanged(arrival))
    assert second["sub"] == first["sub"]
    assert second.get("auth_time", 0) >= first.get("auth_time", 0)  # nobody asked for it


async def test_oidcc_prompt_none_not_logged_in(provider: OpenIDProvider) -> None:
    assert (await provider.arrive(prompt="none")).answer["error"] == "login_required"


async def test_oidcc_prompt_none_logged_in(provider: OpenIDProvider) -> None:
    first = await provider.checked(await provider.tokens())
    arrival = await provider.arrive(prompt="none")
    assert not arrival.signed_in
    second = await provider.checked(await provider.exchanged(arrival))
    assert second["sub"] == first["sub"]
    assert second.get("auth_time") == first.get("auth_time")


async def test_oidcc_max_age_1(provider: OpenIDProvider) -> None:
    await provider.tokens()
    await provider.forward(2)
    first = await provider.checked(await provider.tokens(max_age="10000"))
    arrival = await provider.arrive(max_age="1")
    assert len(arrival.signed_in) == 1
    second = await provider.checked(await provider.exchanged(arrival))
    assert second["sub"] == first["sub"]
    assert second["auth_time"] > first["auth_time"]


async def test_oidcc_max_age_10000(provider: OpenIDProvider) -> None:
    first = await provider.checked(await provider.tokens(max_age="10000"))
    arrival = await provider.arrive(max_age="10000")
    assert not arrival.signed_in
    second = await provider.checked(await provider.exchanged(arrival))
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(extra="foobar"))


async def test_oidcc_id_token_hint(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens()
    arrival = await provider.arrive(prompt="none", id_token_hint=tokens["id_token"])
    second = await provider.checked(await provider.exchanged(arrival))
    assert second["sub"] == (await provider.checked(tokens))["sub"]


async def test_oidcc_login_hint(provider: OpenIDProvider) -> None:
    arrival = await provider.arrive(login_hint="buffy@hansa.example")
    (page,) = arrival.signed_in
    assert 'value="buffy@hansa.example"' in page.text
    assert "code" in arrival.answer


async def test_oidcc_ui_locales(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(ui_locales="se"))


async def test_oidcc_claims_locales(provider: OpenIDProvider) -> None:
    await provider.checked(await provider.tokens(claims_locales="se"))


async def test_oidcc_ensure_request_with_acr_values_succeeds(provider: OpenIDProvider) -> None:
    claims = await provider.checked(await provider.tokens(acr_values="1 2"))
    told = difference("oidcc-ensure-request-with-acr-values-succeeds", provider.name)
    assert claims.get("acr", "") == told


async def test_oidcc_codereuse(provider: OpenIDProvider) -> None:
    code = (await provider.arrive()).answer["code"]
    assert (await provider.exchange(code)).status_code == 200
    again = await provider.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_oidcc_codereuse_30seconds(provider: OpenIDProvider) -> None:
    code = (await provider.arrive()).answer["code"]
    tokens = (await provider.exchange(code)).json()
    await provider.forward(30)
    assert (await provider.exchange(code)).json()["error"] == "invalid_grant"
    # RFC 6749 section 4.1.2 has this as SHOULD.
    assert (await provider.userinfo(tokens["access_token"])).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(provider: OpenIDProvider) -> None:
    page = (await provider.arrive(redirect_uri=UNREGISTERED)).page
    assert page.status == 400
    assert page.title == difference("oidcc-ensure-registered-redirect-uri", provider.name)


async def test_oidcc_ensure_post_request_succeeds(provider: OpenIDProvider) -> None:
    arrival = await provider.arrive(by_post=True)
    await provider.checked(await provider.exchanged(arrival))


async def test_oidcc_server_client_secret_post(provider: OpenIDProvider) -> None:
    provider.party.client_id += "-post"
    code = (await provider.arrive()).answer["code"]
    answer = await provider.exchange(code, client_id=provider.party.client_id, client_secret=SECRET)
    await provider.checked(answer.json())


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    provider: OpenIDProvider,
) -> None:
    request = {**provider.party.request(), "nonce": "another nonce"}
    answer = (await provider.arrive(request=unsigned(request))).answer
    assert answer["error"] == "request_not_supported"


async def test_oidcc_claims_essential(provider: OpenIDProvider) -> None:
    asked = {"userinfo": {"name": {"essential": True}}, "id_token": {"email": None}}
    tokens = await provider.tokens(claims=json.dumps(asked))
    assert (await provider.userinfo(tokens["access_token"])).json()["name"] == "Ada"
    assert (await provider.checked(tokens))["email"] == EMAIL


async def test_oidcc_ensure_request_object_with_redirect_uri(provider: OpenIDProvider) -> None:
    """The request object would take precedence; where it is not read, nobody is sent to a place that only it makes right."""
    request = unsigned(provider.party.request())
    page = (await provider.arrive(redirect_uri=UNREGISTERED, request=request)).page
    assert page.status == 400
    assert page.url.startswith(provider.metadata["issuer"])


async def test_oidcc_refresh_token(provider: OpenIDProvider) -> None:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    await provider.forward(2)
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    fresh = (await provider.post(fields)).json()
    before = await provider.checked(tokens)
    after = await provider.checked(fresh, nonce=difference("oidcc-refresh-token", provider.name) or None)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after.get(name) == before.get(name)
    assert after["iat"] >= before["iat"]
    assert fresh["access_token"] != tokens["access_token"]


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(provider: OpenIDProvider) -> None:
    code = (await provider.arrive()).answer["code"]
    await provider.checked((await provider.exchange(code)).json())
    code = (await provider.arrive()).answer["code"]
    assert (await provider.exchange(code, code_verifier="x" * 43)).json()["error"] == "invalid_grant"


async def test_oidcc_discovery_endpoint_verification(provider: OpenIDProvider) -> None:
    """The one module of `oidcc-config-certification-test-plan`; of URLs it wants https, which the tests' own may lack."""
    metadata = provider.metadata
    assert metadata["issuer"] == provider.browser.site
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "code" in metadata["response_types_supported"]
    assert {"public", "pairwise"} & set(metadata["subject_types_supported"])
    assert "openid" in metadata["scopes_supported"]
    assert metadata["grant_types_supported"]
    assert metadata["claims_parameter_supported"] is True
    endpoints = [value for name, value in metadata.items() if name.endswith("_endpoint")]
    for url in (*endpoints, metadata["jwks_uri"]):
        assert url.startswith(f"{metadata['issuer']}/")


async def test_a_redirect_uri_may_have_a_query(provider: OpenIDProvider) -> None:
    """`oidcc-redirect-uri-query-OK`, of the plan for clients that register themselves."""
    provider.party.redirect_uri = OTHER_REDIRECT_URI
    arrival = await provider.arrive()
    assert arrival.answer["x"] == "1"
    await provider.checked(await provider.exchanged(arrival))


async def test_a_request_without_pkce(provider: OpenIDProvider) -> None:
    answer = (await provider.arrive(code_challenge=None, code_challenge_method=None)).answer
    assert answer.get("error", "code") == difference("every module", provider.name)
