"""A refresh token is replaced by its home alone, whichever region is asked."""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.grants import Grant, RefreshToken
from subgraphs.identity.opaque import digest
from subgraphs.identity.store import grants as store
from tests.integration.regions.conftest import Region, eventually
from tests.integration.regions.test_partitions import claims, sign_up


@pytest.fixture
async def refresh_token(regions: Mapping[str, Region]) -> str:
    """Of someone who is at home in Europe, for the platform's own client."""
    eu = regions["eu"]
    user_id = uuid.UUID(claims(await sign_up(eu, "ada@hansa.example"))["sub"])
    key = Sealer.from_setting(Secret(eu.environment["HANSA_KEY_ENCRYPTION_KEY"])).tagging_key
    token = RefreshToken.new(uuid.uuid4(), key, "eu")
    grant = Grant(
        client_id="hansa",
        user_id=user_id,
        session_id=None,
        scopes=["graph"],
        userinfo_claims=[],
        authenticated_at=datetime.now(UTC),
        amr=["pwd"],
    )
    async with eu.database.transaction() as transaction:
        await store.insert_family(transaction, token.family, grant, digest(token.secret))
    return token.text


async def refresh(region: Region, token: str) -> tuple[int, dict[str, Any]]:
    fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "hansa"}
    return await region.send_form("/oauth/token", fields)


async def test_any_region_refreshes_by_way_of_the_home_and_keeps_nothing(
    regions: Mapping[str, Region], refresh_token: str
) -> None:
    answers = await asyncio.gather(*(refresh(regions[name], refresh_token) for name in ("us", "eu", "us")))
    assert [status for status, _ in answers] == [200] * 3
    assert len({body["refresh_token"] for _, body in answers}) == 1, "all are given the one successor"
    successor = RefreshToken.parse(answers[0][1]["refresh_token"])
    assert successor is not None
    assert successor.home == "eu"
    async with regions["us"].database.transaction() as transaction:
        for table in ("token_family", "credential", '"user"'):
            assert (await transaction.execute(f"SELECT count(*) FROM {table}")).scalar_one() == 0


async def test_without_its_home_nobody_refreshes_and_nothing_is_lost(
    regions: Mapping[str, Region], refresh_token: str
) -> None:
    regions["eu"].cut_off()
    status, body = await refresh(regions["us"], refresh_token)
    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert body["error_description"] == "The region eu, where this is at home, cannot be reached"
    regions["eu"].rejoin()
    status, _ = await refresh(regions["us"], refresh_token)
    assert status == 200


async def test_a_token_that_names_a_region_that_there_is_not_is_refused(
    regions: Mapping[str, Region], refresh_token: str
) -> None:
    status, body = await refresh(regions["us"], refresh_token.replace(".eu.", ".mars."))
    assert (status, body["error"]) == (400, "invalid_grant")


async def send(region: Region, path: str, token: str) -> tuple[int, dict[str, Any]]:
    return await region.send_form(path, {"token": token, "client_id": "hansa"})


async def test_a_token_is_ended_and_looked_at_by_its_home_from_any_region(
    regions: Mapping[str, Region], refresh_token: str
) -> None:
    eu, us = regions["eu"], regions["us"]
    _, tokens = await refresh(eu, refresh_token)
    await eventually(lambda: us.accepts(tokens["access_token"]))
    eu.cut_off()
    for path in ("/oauth/revoke", "/oauth/introspect"):
        for token in (tokens["access_token"], tokens["refresh_token"]):
            status, body = await send(us, path, token)
            assert (status, body["error"]) == (503, "temporarily_unavailable"), path
    eu.rejoin()
    status, body = await send(us, "/oauth/introspect", tokens["access_token"])
    assert (status, body["error"]) == (401, "invalid_client"), "as the home answers a public client"
    assert (await send(us, "/oauth/revoke", tokens["access_token"]))[0] == 200
    assert (await refresh(us, tokens["refresh_token"]))[0] == 400, "all that was granted together has ended"

    async def refuses() -> bool:
        return not await us.accepts(tokens["access_token"])

    await eventually(refuses)
    assert (await eu.rows("SELECT kind FROM revocation")) == [("FAMILY",)]
