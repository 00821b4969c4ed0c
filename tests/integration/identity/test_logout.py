"""Guarantee 44 of identity's README: signing out for a client leads to places of the client's and nowhere else."""

from typing import Any

import pytest

from tests.integration.identity.relying import RelyingParty

SIGNED_OUT = "https://rp.example/signed-out"


@pytest.fixture
async def id_token(relying_party: RelyingParty, ada: dict[str, Any]) -> str:  # noqa: ARG001 - signed in
    return str((await relying_party.tokens())["id_token"])


async def is_signed_in(relying_party: RelyingParty) -> bool:
    return (await relying_party.browser.get("/sign-in")).title == "Signed in"


async def logout(relying_party: RelyingParty, **query: str) -> Any:
    return await relying_party.browser.get("/oauth/logout", **query)


async def test_who_knows_the_session_signs_it_out_at_once(relying_party: RelyingParty, id_token: str) -> None:
    page = await logout(
        relying_party, id_token_hint=id_token, post_logout_redirect_uri=SIGNED_OUT, state="s &"
    )
    assert page.url == f"{SIGNED_OUT}?state=s+%26"
    assert not await is_signed_in(relying_party)


async def test_who_does_not_has_the_user_asked(relying_party: RelyingParty, id_token: str) -> None:
    assert id_token
    page = await logout(relying_party, client_id="relying-party", post_logout_redirect_uri=SIGNED_OUT)
    assert page.title == "Sign out?"
    assert await is_signed_in(relying_party)
    page = await relying_party.browser.submit(page)
    assert page.url == SIGNED_OUT
    assert not await is_signed_in(relying_party)


@pytest.mark.parametrize("uri", ["https://evil.example/", f"{SIGNED_OUT}/", "https://rp.example/callback"])
async def test_nobody_is_sent_to_a_place_that_is_not_registered(
    relying_party: RelyingParty, id_token: str, uri: str
) -> None:
    for query in ({"id_token_hint": id_token}, {"client_id": "relying-party"}, {}):
        page = await logout(relying_party, post_logout_redirect_uri=uri, **query)
        assert (page.status, page.title) == (400 if query else 404, "This does not work")
    assert await is_signed_in(relying_party)


async def test_a_hint_is_of_the_client_that_it_was_made_for(
    relying_party: RelyingParty, id_token: str
) -> None:
    page = await logout(relying_party, id_token_hint=id_token, client_id="public-client")
    assert page.status == 400


async def test_a_made_up_hint_counts_for_nothing(relying_party: RelyingParty, id_token: str) -> None:
    header, payload, _ = id_token.split(".")
    page = await logout(relying_party, id_token_hint=f"{header}.{payload}.x")
    assert page.title == "Sign out?"
    assert await is_signed_in(relying_party)


async def test_logging_out_by_post_goes_the_same_way(relying_party: RelyingParty, id_token: str) -> None:
    fields = {"id_token_hint": id_token, "post_logout_redirect_uri": SIGNED_OUT}
    assert (await relying_party.browser.post("/oauth/logout", fields)).url == SIGNED_OUT
    assert not await is_signed_in(relying_party)
