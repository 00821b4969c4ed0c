"""Guarantee 43 of identity's README: what is said of tokens, and ending them."""

from typing import Any

import pytest

from common.database import Database
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.opaque import digest
from subgraphs.identity.store.clients import insert_client
from tests.integration.identity.browsing import Browser
from tests.integration.identity.relying import SECRET, RelyingParty


@pytest.fixture
async def tokens(relying_party: RelyingParty, ada: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - signed in
    return await relying_party.tokens(scope="openid offline_access graph")


async def introspect(client: RelyingParty, token: str) -> dict[str, Any]:
    answer = await client.post("/oauth/introspect", token=token)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return dict(answer.json())


async def test_a_client_is_told_of_its_own_tokens(
    tokens: dict[str, Any], relying_party: RelyingParty, ada: dict[str, Any]
) -> None:
    access = await introspect(relying_party, tokens["access_token"])
    assert (access["active"], access["token_type"], access["sub"]) == (True, "Bearer", ada["id"])
    assert (access["client_id"], access["scope"]) == ("relying-party", "graph offline_access openid")
    refresh = await introspect(relying_party, tokens["refresh_token"])
    assert (refresh["active"], refresh["sub"]) == (True, ada["id"])
    for other in (tokens["id_token"], "x", tokens["access_token"][:-4], "rt1.x"):
        assert await introspect(relying_party, other) == {"active": False}


async def test_others_tokens_are_for_resource_servers_only(
    tokens: dict[str, Any], browser: Browser, database: Database
) -> None:
    async with database.transaction() as transaction:
        for id_, scopes in (("nosy", ["graph"]), ("resource-server", ["introspect"])):
            client = Client(
                id=id_,
                name=id_,
                secret_hash=digest(SECRET),
                grant_types=["client_credentials"],
                scopes=scopes,
            )
            await insert_client(transaction, client)
    assert await introspect(RelyingParty(browser, "nosy"), tokens["access_token"]) == {"active": False}
    told = await introspect(RelyingParty(browser, "resource-server"), tokens["access_token"])
    assert told["active"]
    public = RelyingParty(browser, "public-client", None)
    assert (await public.post("/oauth/introspect", token=tokens["access_token"])).status_code == 401


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
async def test_revoking_one_token_ends_all_that_was_granted_with_it(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database, which: str
) -> None:
    assert (await relying_party.post("/oauth/revoke", token=tokens[which])).status_code == 200
    assert await introspect(relying_party, tokens["access_token"]) == {"active": False}
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    async with database.transaction() as transaction:
        kinds = (await transaction.execute("SELECT kind FROM revocation")).scalars().all()
    assert kinds == ["FAMILY"]


async def test_a_clients_own_token_is_revoked_by_itself(
    relying_party: RelyingParty, database: Database
) -> None:
    answer = await relying_party.post("/oauth/token", grant_type="client_credentials", scope="graph")
    await relying_party.post("/oauth/revoke", token=answer.json()["access_token"])
    async with database.transaction() as transaction:
        kinds = (await transaction.execute("SELECT kind FROM revocation")).scalars().all()
    assert kinds == ["JTI"]


async def test_a_client_ends_no_other_ones_tokens(
    tokens: dict[str, Any], relying_party: RelyingParty, browser: Browser
) -> None:
    other = RelyingParty(browser, "public-client", None)
    for token in (tokens["access_token"], tokens["refresh_token"], "made up"):
        assert (await other.post("/oauth/revoke", token=token)).status_code == 200
    assert (await introspect(relying_party, tokens["access_token"]))["active"]
    assert (await relying_party.refresh(tokens["refresh_token"])).status_code == 200


async def test_what_names_no_token_is_refused(relying_party: RelyingParty) -> None:
    for door in ("/oauth/introspect", "/oauth/revoke"):
        answer = await relying_party.post(door, a="b")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
