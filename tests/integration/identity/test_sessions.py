"""Guarantees 31 and 46 of identity's README: sessions and clients in the graph."""

from typing import Any

import pytest

from common.database import Database
from tests.integration.identity.browsing import Browser
from tests.integration.identity.relying import REDIRECT_URI, RelyingParty

SESSIONS = "{ me { sessions { id userAgent amr isCurrent } } }"
CREATE = """mutation ($input: CreateOAuthClientInput!) { createOauthClient(input: $input) { __typename
  ... on OAuthClientCreated { secret client { id isPublic } } ... on InvalidInput { field } } }"""
ROTATE = """mutation ($id: ID!) { rotateClientSecret(id: $id) { __typename ... on ClientSecretRotated { secret } } }"""


@pytest.fixture
async def tokens(relying_party: RelyingParty, ada: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - signed in
    return await relying_party.tokens(scope="openid graph offline_access")


@pytest.fixture
async def online(relying_party: RelyingParty, tokens: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - consented
    return await relying_party.tokens(scope="openid graph")


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def test_a_user_sees_where_they_are_signed_in(identity: Any, online: dict[str, Any]) -> None:
    other = Browser(identity.environment["HANSA_ISSUER"], identity.transport)
    await other.sign_in("ada@hansa.example", "long enough")
    await other.close()
    answer = await identity.ask(SESSIONS, **bearer(online))
    second, first = answer["data"]["me"]["sessions"]
    assert (first["userAgent"], first["amr"], first["isCurrent"]) == ("Cog/1.0", ["pwd"], True)
    assert not second["isCurrent"]


async def test_nobody_sees_or_ends_anothers_sessions(
    identity: Any, online: dict[str, Any], ada: dict[str, Any]
) -> None:
    id_ = (await identity.ask(SESSIONS, **bearer(online)))["data"]["me"]["sessions"][0]["id"]
    bob = await identity.sign_up("bob@hansa.example")
    as_bob = {"authorization": f"Bearer {bob['accessToken']}"}
    query = "query ($id: ID!) { user(id: $id) { sessions { id } } }"
    answer = await identity.ask(query, {"id": ada["id"]}, **as_bob)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    entity = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on BrowserSession { userAgent } } }"
    representations = {"r": [{"__typename": "BrowserSession", "id": id_}]}
    assert (await identity.ask(entity, representations, **as_bob))["data"]["_entities"] == [None]
    assert (await identity.ask(entity, representations, **bearer(online)))["data"]["_entities"] != [None]
    end = "mutation ($id: ID!) { endSession(id: $id) }"
    assert (await identity.ask(end, {"id": id_}, **as_bob))["data"] == {"endSession": False}


async def test_ending_a_session_ends_what_it_gave(
    identity: Any, online: dict[str, Any], relying_party: RelyingParty, database: Database
) -> None:
    id_ = (await identity.ask(SESSIONS, **bearer(online)))["data"]["me"]["sessions"][0]["id"]
    end = "mutation ($id: ID!) { endSession(id: $id) }"
    assert (await identity.ask(end, {"id": id_}, **bearer(online)))["data"] == {"endSession": True}
    assert (await relying_party.browser.get("/sign-in")).title == "Sign in"
    assert (await relying_party.refresh(online["refresh_token"])).json()["error"] == "invalid_grant"
    async with database.transaction() as transaction:
        kinds = (await transaction.execute("SELECT kind FROM security_event")).scalars().all()
    assert "SESSION_ENDED" in kinds


async def test_ending_all_sessions_ends_offline_access_too(
    identity: Any, tokens: dict[str, Any], relying_party: RelyingParty, database: Database
) -> None:
    answer = await identity.ask("mutation { endAllSessions }", **bearer(tokens))
    assert answer["data"] == {"endAllSessions": 1}
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    async with database.transaction() as transaction:
        kinds = (await transaction.execute("SELECT kind FROM revocation")).scalars().all()
    assert kinds == ["SUBJECT_EPOCH"]


async def test_an_admin_makes_clients_and_gives_them_secrets(
    identity: Any, ada: dict[str, Any], browser: Browser, database: Database
) -> None:
    wanted = {
        "name": "Shop",
        "grantTypes": ["authorization_code", "client_credentials"],
        "scopes": ["openid", "graph"],
        "redirectUris": [REDIRECT_URI],
    }
    session = await identity.sign_in("ada@hansa.example", "long enough")
    member = {"authorization": f"Bearer {session['accessToken']}"}
    refused = await identity.ask(CREATE, {"input": wanted}, **member)
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    async with database.transaction() as transaction:
        await transaction.execute(f"INSERT INTO user_role (user_id, role) VALUES ('{ada['id']}', 'admin')")
    session = await identity.sign_in("ada@hansa.example", "long enough")
    admin = {"authorization": f"Bearer {session['accessToken']}"}
    for change in (
        {"redirectUris": ["http://rp.example/"]},
        {"redirectUris": ["https://rp.example/#x"]},
        {"redirectUris": ["https://a@rp.example/"]},
        {"redirectUris": ["javascript:alert(1)"]},
        {"redirectUris": []},
        {"grantTypes": ["password"]},
        {"isPublic": True},
        {"scopes": []},
        {"name": ""},
    ):
        answer = await identity.ask(CREATE, {"input": {**wanted, **change}}, **admin)
        assert answer["data"]["createOauthClient"]["__typename"] == "InvalidInput", change
    made = (await identity.ask(CREATE, {"input": wanted}, **admin))["data"]["createOauthClient"]
    old = RelyingParty(browser, made["client"]["id"], made["secret"])
    grant = {"grant_type": "client_credentials"}
    assert (await old.post("/oauth/token", **grant)).status_code == 200
    rotated = (await identity.ask(ROTATE, {"id": old.client_id}, **admin))["data"]["rotateClientSecret"]
    fresh = RelyingParty(browser, old.client_id, rotated["secret"])
    assert (await fresh.post("/oauth/token", **grant)).status_code == 200
    assert (await old.post("/oauth/token", **grant)).status_code == 200
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE client SET old_secret_until = now()")
    await identity.ask(ROTATE, {"id": "nobody"}, **admin)
    unknown = (await identity.ask(ROTATE, {"id": "hansa"}, **admin))["data"]["rotateClientSecret"]
    assert unknown["__typename"] == "OAuthClientNotFound"
    listed = await identity.ask("{ oauthClients { id name } }", **admin)
    assert listed["data"]["oauthClients"] == [{"id": old.client_id, "name": "Shop"}]
