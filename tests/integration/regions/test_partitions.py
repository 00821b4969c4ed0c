"""What each promise does while a region is cut off, and after it is back."""

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from common.auth.revocation import Kind
from tests.integration.regions.conftest import Region, address, eventually

SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) { __typename
  ... on Session { accessToken user { id } } ... on EmailTaken { message } } }"""


async def sign_up(region: Region, email: str) -> str:
    """The access token of a new user who is at home in `region`."""
    fields = {"email": email, "name": "Ada", "password": "correct horse battery"}
    answer = await region.ask(SIGN_UP, input=fields)
    return str(answer["data"]["signUp"]["accessToken"])


def claims(token: str) -> dict[str, Any]:
    segment = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


def over() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=11)


async def lags(region: Region) -> dict[str, float]:
    pages = (await region.get("/revocations"))["regions"]
    return {page["region"]: page["lag"] for page in pages}


async def test_a_token_of_one_region_counts_in_all_and_is_revoked_in_all(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    token = await sign_up(eu, address("eu", "ada"))
    await eventually(lambda: us.accepts(token))
    kids = {key["kid"] for key in (await us.get("/.well-known/jwks.json"))["keys"]}
    assert kids == {"eu:1", "us:1"}
    await eu.revoke(Kind.JTI, claims(token)["jti"], over())
    revoked_at = time.monotonic()

    async def refuses() -> bool:
        return not await us.accepts(token)

    await eventually(refuses)
    assert time.monotonic() - revoked_at < 2
    async with us.database.transaction() as transaction:
        rows = await transaction.execute("SELECT region, seq, kind, value FROM revocation")
        assert rows.all() == [("eu", 1, None, None)], "whose it is stays at home"


async def test_while_a_region_is_cut_off_the_others_go_on_and_know_how_old_their_knowledge_is(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    european, american = await sign_up(eu, address("eu", "ada")), await sign_up(us, address("us", "bob"))
    await eventually(lambda: us.accepts(european))
    await eventually(lambda: eu.accepts(american))
    eu.cut_off()
    await eu.revoke(Kind.JTI, claims(european)["jti"], over())

    async def is_stale() -> bool:
        return (await lags(us))["eu"] > 2

    await eventually(is_stale)
    assert (await lags(us))["us"] == 0
    assert await us.accepts(american), "who is at home elsewhere notices nothing"
    assert await us.accepts(european), "a token goes on until it expires or knowledge is too old"
    assert await sign_up(us, address("us", "carla"))
    healed_at = time.monotonic()
    eu.rejoin()

    async def refuses() -> bool:
        return not await us.accepts(european)

    await eventually(refuses)
    assert time.monotonic() - healed_at < 4
    assert (await lags(us))["eu"] < 2
    assert await us.accepts(american)


async def test_tokens_of_a_region_that_is_away_for_too_long_are_refused_and_no_others(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    european, american = await sign_up(eu, address("eu", "ada")), await sign_up(us, address("us", "bob"))
    await eventually(lambda: us.accepts(european))
    eu.cut_off()
    async with us.database.transaction() as transaction:  # as if an hour had gone by
        await transaction.execute(
            "UPDATE region SET heard_at = heard_at - interval '1 hour' WHERE NOT is_own"
        )

    async def refuses() -> bool:
        return (await us.post("{ __typename }", european)).status == 503

    await eventually(refuses)
    assert await us.accepts(american)
    eu.rejoin()
    await eventually(lambda: us.accepts(european))
