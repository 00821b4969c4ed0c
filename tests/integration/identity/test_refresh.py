"""Guarantees 30 and 31 of identity's README: a family of refresh tokens is one line, and whoever leaves it ends it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.database import Database
from subgraphs.identity.domain.grants import RefreshToken
from tests.integration.identity.browsing import Browser
from tests.integration.identity.relying import RelyingParty, claims

KEY = b"k" * 32


async def run(database: Database, statement: str) -> Any:
    async with database.transaction() as transaction:
        result = await transaction.execute(statement)
        return result.scalars().all() if result.returns_rows else None


@pytest.fixture
async def tokens(relying_party: RelyingParty, ada: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - signed in
    return await relying_party.tokens(scope="openid offline_access graph")


async def test_a_refresh_gives_a_successor_and_the_same_grant(
    tokens: dict[str, Any], relying_party: RelyingParty
) -> None:
    answer = await relying_party.refresh(tokens["refresh_token"])
    fresh = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert fresh["scope"] == tokens["scope"]
    before, after = claims(tokens["id_token"]), claims(fresh["id_token"])
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after[name] == before[name]
    assert "nonce" not in after
    assert (await relying_party.refresh(fresh["refresh_token"])).status_code == 200


async def test_all_who_refresh_at_once_get_one_successor(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database
) -> None:
    answers = await asyncio.gather(*(relying_party.refresh(tokens["refresh_token"]) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert await run(database, "SELECT count(*) FROM token_family") == [1]
    assert (await relying_party.refresh(successor)).status_code == 200


async def test_who_heard_no_answer_asks_again_and_can_go_on(
    tokens: dict[str, Any], relying_party: RelyingParty
) -> None:
    first = (await relying_party.refresh(tokens["refresh_token"])).json()
    again = (await relying_party.refresh(tokens["refresh_token"])).json()
    assert again["refresh_token"] == first["refresh_token"]
    assert (await relying_party.refresh(again["refresh_token"])).status_code == 200


@pytest.mark.parametrize("how", ["after the grace", "after the next one"])
async def test_a_token_that_comes_again_later_ends_the_family(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database, how: str
) -> None:
    fresh = (await relying_party.refresh(tokens["refresh_token"])).json()
    if how == "after the grace":
        await run(database, "UPDATE token_family SET rotated_at = now() - interval '30 s'")
    else:
        fresh = (await relying_party.refresh(fresh["refresh_token"])).json()
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await relying_party.refresh(fresh["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await relying_party.userinfo(fresh["access_token"])).status_code == 401
    assert await run(database, "SELECT kind FROM revocation") == ["FAMILY"]
    assert "REFRESH_TOKEN_REUSED" in await run(database, "SELECT kind FROM security_event")


async def test_a_token_that_was_made_up_ends_nothing(
    tokens: dict[str, Any], relying_party: RelyingParty
) -> None:
    token = RefreshToken.parse(tokens["refresh_token"])
    assert token is not None
    made_up = RefreshToken.new(token.family, KEY).text
    for text in (made_up, "", "rt1.x", tokens["refresh_token"][:-1], "x" * 10_000):
        answer = await relying_party.refresh(text)
        assert answer.json()["error"] in {"invalid_grant", "invalid_request"}
    assert (await relying_party.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_token_is_its_clients_own(
    tokens: dict[str, Any], relying_party: RelyingParty, browser: Browser
) -> None:
    other = RelyingParty(browser, "public-client", None)
    assert (await other.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await relying_party.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_request_may_want_less_and_not_more(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database
) -> None:
    less = (await relying_party.refresh(tokens["refresh_token"], scope="graph")).json()
    assert less["scope"] == "graph"
    assert "id_token" not in less
    more = await relying_party.refresh(less["refresh_token"], scope="graph email")
    assert more.json()["error"] == "invalid_scope"
    await run(database, "UPDATE token_family SET rotated_at = now() - interval '30 s'")
    whole = (await relying_party.refresh(less["refresh_token"])).json()
    assert whole["scope"] == "graph offline_access openid"


async def test_a_right_that_was_taken_is_in_no_new_token(
    ada: dict[str, Any], browser: Browser, database: Database
) -> None:
    console = RelyingParty(browser, "hansa", None, "https://hansa.example/")
    await run(database, f"INSERT INTO user_role (user_id, role) VALUES ('{ada['id']}', 'admin')")
    page = await console.authorize(scope="openid offline_access identity:admin")
    code = page.url.partition("code=")[2].partition("&")[0]
    tokens = (await console.exchange(code)).json()
    assert "identity:admin" in tokens["scope"]
    await run(database, "DELETE FROM user_role")
    assert "identity:admin" not in (await console.refresh(tokens["refresh_token"])).json()["scope"]


@pytest.mark.parametrize("change", ["expires_at = now()", "last_used_at = now() - interval '30 days'"])
async def test_a_family_ends_when_it_is_too_old_or_idle(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database, change: str
) -> None:
    await run(database, f"UPDATE token_family SET {change}")
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_the_database_alone_gives_nobody_a_token(
    tokens: dict[str, Any], relying_party: RelyingParty, database: Database
) -> None:
    fresh = (await relying_party.refresh(tokens["refresh_token"])).json()
    async with database.transaction() as transaction:
        row = (await transaction.execute("SELECT * FROM token_family")).mappings().one()
    for token in (tokens["refresh_token"], fresh["refresh_token"]):
        assert token.split(".")[2] not in str(dict(row))


@pytest.mark.usefixtures("ada")
async def test_a_user_and_client_have_a_hundred_families_at_most(
    relying_party: RelyingParty, database: Database
) -> None:
    tokens = await relying_party.tokens(scope="openid offline_access")
    columns = "client_id, user_id, scopes, userinfo_claims, authenticated_at, amr, expires_at"
    await run(
        database,
        f"INSERT INTO token_family (last_used_at, {columns}) SELECT now() + n * interval '1 s', {columns}"
        " FROM token_family, generate_series(1, 99) AS n",
    )
    await relying_party.tokens(scope="openid offline_access")
    assert await run(database, "SELECT count(*) FROM token_family") == [100]
    assert (await relying_party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_successor_opens_for_its_predecessor_only(family: UUID, key: bytes) -> None:
    token, successor = RefreshToken.new(family, key), RefreshToken.new(family, key)
    sealed = token.seal(successor)
    assert token.open(sealed) == successor.text
    assert RefreshToken.parse(token.text) == token
    assert token.is_ours(key)
    assert not RefreshToken.new(family, KEY[::-1] + b"x").is_ours(key)
    assert not RefreshToken(token.text, uuid4(), token.secret, token.tag).is_ours(key)
