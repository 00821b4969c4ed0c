"""Keys in the hands of admins, and rotations under load."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import msgspec

from common.auth import KeySet, TokenVerifier
from common.database import Database
from common.http import open_transport
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.tokens import AccessTokens
from tests.integration.identity.test_roles import Admin

ROTATE = "mutation { rotateSigningKey { kid algorithm state } }"
WITHDRAW = "mutation ($kid: String!) { withdrawSigningKey(kid: $kid) }"
REGIONS = "{ regions { name isOwn lagMs activeKid } }"


async def kids(identity: Any) -> set[str]:
    document = json.loads((await identity.get("/.well-known/jwks.json")).body)
    return {key["kid"] for key in document["keys"]}


async def test_an_admin_rotates_a_key_which_signs_when_every_verifier_knows_it(identity: Any) -> None:
    admin = await Admin.of(identity)
    assert await admin.ask(ROTATE) == [
        {"kid": "home:1", "algorithm": "ES256", "state": "ACTIVE"},
        {"kid": "home:2", "algorithm": "ES256", "state": "PENDING"},
    ]
    assert await kids(identity) == {"home:1", "home:2"}
    (region,) = await admin.ask(REGIONS)
    assert region == {"name": "home", "isOwn": True, "lagMs": 0.0, "activeKid": "home:1"}


async def test_a_key_that_is_withdrawn_is_gone_at_once_with_all_that_it_signed(
    identity: Any, database: Database
) -> None:
    admin = await Admin.of(identity)
    assert await admin.ask(WITHDRAW, kid="home:7") is False
    assert await admin.ask(WITHDRAW, kid="home:1") is True
    withdrawn_at = time.monotonic()
    assert await kids(identity) == {"home:2"}
    bearer = {"authorization": f"Bearer {admin.session['accessToken']}"}
    await eventually(identity, 401, bearer)
    assert time.monotonic() - withdrawn_at < 2
    again = await Admin.of(identity)
    await eventually(identity, 200, {"authorization": f"Bearer {again.session['accessToken']}"})
    (region,) = await again.ask(REGIONS)
    assert region["activeKid"] == "home:2"
    async with database.transaction() as transaction:
        rows = await transaction.execute("SELECT kind, details FROM security_event WHERE kind LIKE 'KEY%'")
        assert rows.all() == [("KEY_WITHDRAWN", {"kid": "home:1"})]


async def eventually(identity: Any, status: int, bearer: dict[str, str]) -> None:
    """A key that comes unannounced may be asked for five seconds after the last one was."""
    async with asyncio.timeout(10):
        while True:
            answer = await identity.post("{ me { name } }", **bearer)
            if answer.status == status:
                return
            await asyncio.sleep(0.02)


async def test_nobody_but_admins_touches_keys(identity: Any) -> None:
    token = (await identity.sign_up())["accessToken"]
    for query in (ROTATE, REGIONS):
        answer = await identity.ask(query, authorization=f"Bearer {token}")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHORIZED"]


async def test_no_verification_fails_while_keys_rotate_under_load(identity: Any, database: Database) -> None:
    sealer = Sealer.from_setting(Secret(identity.environment["HANSA_KEY_ENCRYPTION_KEY"]))
    policy = KeyPolicy(lead=timedelta(seconds=0.8), retirement=timedelta(seconds=5))
    keys = SigningKeys(database, sealer, policy)
    tokens = AccessTokens(keys, "https://issuer.example", "hansa")
    key_set = KeySet(
        open_transport("app://issuer/jwks", apps={"issuer": publishing(keys)}),
        poll_interval=0.3,
        patience=0.1,
    )
    verifier = TokenVerifier(key_set, ["https://issuer.example"], ["hansa"])
    signed_by, kept = set(), []

    async def load() -> None:
        while True:
            token = (await tokens.issue("ada", client_id="hansa", scopes=["graph"])).text
            kept.append(token)
            signed_by.add(token.partition(".")[0])
            for each in (token, *kept[-3:]):
                await verifier.verify(each)  # raises when it fails
            await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        work = asyncio.create_task(load())
        for _ in range(2):
            await asyncio.sleep(0.3)
            await keys.rotate()
            await asyncio.sleep(1.2)
        assert not work.done(), work
        work.cancel()
        for token in kept:
            await verifier.verify(token)
    assert len(signed_by) == 3
    await key_set.close()


def publishing(keys: SigningKeys) -> Any:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        body = msgspec.json.encode({"keys": await keys.published()})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app
