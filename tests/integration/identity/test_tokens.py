import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from common.database import Database
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.keys import Algorithm, KeyPolicy
from subgraphs.identity.signing_keys import SigningKeys


def decode(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def signing_keys(identity: Any, database: Database, policy: KeyPolicy) -> SigningKeys:
    sealer = Sealer.from_setting(Secret(identity.environment["HANSA_KEY_ENCRYPTION_KEY"]))
    return SigningKeys(database, sealer, policy)


async def test_a_token_has_the_claims_of_rfc_9068(identity: Any) -> None:
    session = await identity.sign_up()
    header, claims = (decode(segment) for segment in session["accessToken"].split(".")[:2])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    standard = {"iss", "aud", "sub", "exp", "iat", "jti", "client_id", "scope"}
    assert set(claims) == {*standard, "auth_time", "amr", "roles"}
    assert (claims["iss"], claims["aud"]) == ("https://hansa.example/identity", "hansa")
    assert claims["sub"] == session["user"]["id"]
    assert 599 < claims["exp"] - claims["iat"] <= 600
    assert (claims["amr"], claims["client_id"], claims["scope"]) == (["pwd"], "hansa", "graph")
    assert claims["iat"] - 60 < claims["auth_time"] <= claims["iat"]


async def test_the_published_keys_are_public_and_cacheable(identity: Any) -> None:
    answer = await identity.get("/.well-known/jwks.json")
    headers = dict(answer.headers)
    assert headers["content-type"] == "application/jwk-set+json"
    assert headers["cache-control"] == "public, max-age=300"
    (key,) = json.loads(answer.body)["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
    }
    assert "d" not in key


async def test_private_keys_are_sealed_in_the_database(identity: Any, database: Database) -> None:
    await identity.sign_up()
    async with database.transaction() as transaction:
        row = (await transaction.execute("SELECT * FROM signing_key")).mappings().one()
    assert "d" not in row["public_jwk"]
    assert b'"d"' not in row["sealed_private_key"]


async def test_two_processes_that_start_at_once_agree_on_one_key(identity: Any, database: Database) -> None:
    first = signing_keys(identity, database, KeyPolicy())
    second = signing_keys(identity, database, KeyPolicy())
    assert (await first.signer())[0] == (await second.signer())[0]


async def test_a_rotation_publishes_first_then_signs_and_never_fails_a_token(
    identity: Any, database: Database
) -> None:
    policy = KeyPolicy(lead=timedelta(milliseconds=300), retirement=timedelta(seconds=1))
    keys = signing_keys(identity, database, policy)
    old, _ = await keys.signer()
    await keys.rotate()
    assert (await keys.signer())[0] == old
    assert len(await keys.published()) == 2
    await asyncio.sleep(0.35)
    new, _ = await keys.signer()
    assert new != old
    assert {key["kid"] for key in await keys.published()} == {old, new}
    await asyncio.sleep(1.0)
    assert {key["kid"] for key in await keys.published()} == {new}


async def test_a_key_that_is_gone_is_deleted_by_the_next_rotation(identity: Any, database: Database) -> None:
    keys = signing_keys(identity, database, KeyPolicy(lead=timedelta(0), retirement=timedelta(0)))
    for _ in range(3):
        await keys.rotate()
        await keys.signer()
    async with database.transaction() as transaction:
        assert (await transaction.execute("SELECT count(*) FROM signing_key")).scalar_one() == 2


async def test_a_key_is_named_by_its_region_and_each_algorithm_has_its_own_line(
    identity: Any, database: Database
) -> None:
    keys = signing_keys(identity, database, KeyPolicy(lead=timedelta(0)))
    first, _ = await keys.signer()
    assert first == "home:1"
    assert [key["alg"] for key in await keys.published()] == ["ES256"]
    rsa, private = await keys.signer("RS256")
    assert (rsa, private.as_dict(private=False)["kty"]) == ("home:2", "RSA")
    await keys.rotate(Algorithm.RS256)
    assert (await keys.signer("RS256"))[0] == "home:3"
    assert (await keys.signer())[0] == first
    assert {(key["kid"], key["alg"]) for key in await keys.published()} == {
        ("home:1", "ES256"),
        ("home:2", "RS256"),
        ("home:3", "RS256"),
    }


async def test_a_token_signed_by_rs256_is_verified_by_the_published_key(
    identity: Any, database: Database
) -> None:
    keys = signing_keys(identity, database, KeyPolicy())
    kid, private = await keys.signer("RS256")
    text = jwt.encode({"alg": "RS256", "kid": kid}, {"sub": "ada"}, private, algorithms=["RS256"])
    public = json.loads((await identity.get("/.well-known/jwks.json")).body)
    assert jwt.decode(text, KeySet.import_key_set(public), algorithms=["RS256"]).claims == {"sub": "ada"}
