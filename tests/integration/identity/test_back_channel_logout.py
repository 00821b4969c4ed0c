"""Guarantee 53 of identity's README: clients that knew of a session are told of its end, each by one token, until they have heard it."""

import time
from collections.abc import AsyncIterator, Mapping

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from common.database import Database
from subgraphs.identity import worker
from tests.integration.identity.conftest import Identity
from tests.integration.identity.relying import RelyingParty, claims
from tests.integration.identity.telling import BackChannel, listening
from tests.integration.proxy.gateways import until

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
async def channel() -> AsyncIterator[BackChannel]:
    async with listening() as channel:
        yield channel


@pytest.fixture
async def environment(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setattr(worker, "SEND_INTERVAL", 0.02)
    return {**environment, "HANSA_IDENTITY_INNER_CLIENTS": "true"}


@pytest.fixture
async def told(relying_party: RelyingParty, database: Database, channel: BackChannel) -> RelyingParty:
    """The confidential client, which is told of logouts; the public one is not."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE client SET backchannel_logout_uri = :uri WHERE id = 'relying-party'", {"uri": channel.url}
        )
    return relying_party


async def settled(database: Database) -> None:
    """Returns once no notice is left."""

    async def is_so() -> bool:
        return await waiting(database) == 0

    await until(is_so)


async def waiting(database: Database) -> int:
    async with database.transaction() as transaction:
        return int((await transaction.execute("SELECT count(*) FROM logout_notice")).scalar_one())


async def sign_out(client: RelyingParty) -> None:
    await client.browser.submit(await client.browser.get("/sign-out"))


@pytest.mark.usefixtures("ada")
async def test_a_client_is_told_by_a_token_that_it_can_check(
    told: RelyingParty, channel: BackChannel, database: Database
) -> None:
    tokens = await told.tokens(scope="openid offline_access")
    await sign_out(told)
    await settled(database)
    (token,) = channel.tokens
    jwks = (await told.browser.client.get(f"{told.browser.site}/.well-known/jwks.json")).json()
    decoded = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256"])
    known = claims(tokens["id_token"])
    assert decoded.header["typ"] == "logout+jwt"
    assert {name: decoded.claims[name] for name in ("iss", "aud", "sub", "sid")} == {
        name: known[name] for name in ("iss", "aud", "sub", "sid")
    }
    assert decoded.claims["events"] == {EVENT: {}}
    assert decoded.claims["iat"] <= time.time() < decoded.claims["exp"] <= time.time() + 121
    assert decoded.claims["jti"]
    assert "nonce" not in decoded.claims
    assert (await told.refresh(tokens["refresh_token"])).status_code == 200  # for that it was asked


@pytest.mark.usefixtures("ada")
async def test_a_logout_token_is_taken_for_nothing_else(
    told: RelyingParty, channel: BackChannel, database: Database
) -> None:
    await told.tokens()
    await sign_out(told)
    await settled(database)
    (token,) = channel.tokens
    assert jws.extract_compact(token.encode()).headers()["alg"] == "RS256"
    assert (await told.userinfo(token)).status_code == 401
    page = await told.browser.get("/oauth/logout", id_token_hint=token)
    assert page.title != "Sign out?"


END = "mutation ($id: ID!) { endSession(id: $id) }"
END_ALL = "mutation { endAllSessions }"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("way", ["client", "user", "all", "another user"])
async def test_however_a_session_ends_the_client_is_told(
    told: RelyingParty, channel: BackChannel, database: Database, identity: Identity, way: str
) -> None:
    tokens = await told.tokens(scope="openid graph")
    sid = claims(tokens["id_token"])["sid"]
    caller = {"authorization": f"Bearer {tokens['access_token']}"}
    if way == "client":
        await told.browser.get("/oauth/logout", id_token_hint=tokens["id_token"])
    elif way == "user":
        assert (await identity.ask(END, {"id": sid}, **caller))["data"]["endSession"]
    elif way == "all":
        assert (await identity.ask(END_ALL, **caller))["data"]
    else:
        await identity.sign_up("bob@hansa.example")
        page = await told.browser.get("/sign-in", **{"continue": "/device"})
        await told.browser.sign_in("bob@hansa.example", "long enough", page)
    await settled(database)
    assert [claims(token)["sid"] for token in channel.tokens] == [sid]


@pytest.mark.usefixtures("ada")
async def test_who_knows_nothing_of_the_session_is_told_nothing(
    told: RelyingParty, channel: BackChannel, database: Database
) -> None:
    public = RelyingParty(told.browser, client_id="public-client", secret=None)
    await public.tokens()
    await sign_out(told)
    async with database.transaction() as transaction:
        assert (await transaction.execute("SELECT count(*) FROM session_client")).scalar_one() == 0
    await settled(database)
    assert channel.tokens == []


@pytest.mark.usefixtures("ada")
async def test_a_client_that_fails_is_told_again_by_the_same_id(
    told: RelyingParty, channel: BackChannel, database: Database
) -> None:
    channel.statuses = [500, 302, 400]
    await told.tokens()
    await sign_out(told)

    async def is_told_four_times() -> bool:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE logout_notice SET due_at = now()")
        return len(channel.tokens) == 4

    await until(is_told_four_times)
    await settled(database)
    assert len({claims(token)["jti"] for token in channel.tokens}) == 1


@pytest.mark.usefixtures("ada")
async def test_after_a_dozen_attempts_it_is_left_alone(
    told: RelyingParty, channel: BackChannel, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    channel.statuses = [500] * 20
    await told.tokens()
    async with database.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO logout_notice (client_id, user_id, session_id, attempts)"
            " SELECT client_id, user_id, id, 11 FROM session JOIN session_client ON session_id = id"
        )
    await settled(database)
    assert len(channel.tokens) == 1
    assert "Client relying-party was not told of a logout (it answered 500) and is left alone" in caplog.text


class TestWithoutLeave:
    """Where inner addresses are not allowed."""

    @pytest.fixture
    async def environment(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        return {**environment, "HANSA_IDENTITY_INNER_CLIENTS": "false"}

    @pytest.mark.usefixtures("ada")
    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_nobody_is_told_at_an_inner_address(
        self,
        told: RelyingParty,
        channel: BackChannel,
        database: Database,
        caplog: pytest.LogCaptureFixture,
        scheme: str,
    ) -> None:
        uri = channel.url.replace("http", scheme, 1)
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE client SET backchannel_logout_uri = :uri", {"uri": uri})
        await told.tokens()
        await sign_out(told)
        await until(lambda: "was not told of a logout" in caplog.text)
        assert channel.tokens == []
        assert await waiting(database) == 1
