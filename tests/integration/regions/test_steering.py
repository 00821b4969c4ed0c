"""What admins do to other regions' keys, and what everybody sees of how regions are connected."""

from collections.abc import Callable, Mapping
from typing import Any

from common.database import Database
from common.http import Request, open_transport
from common.sealing import Sealer
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.signing_keys import SigningKeys
from tests.integration.regions.admins import sign_in_as_admin
from tests.integration.regions.conftest import Region, eventually

ROTATE = "mutation ($region: String) { rotateSigningKey(region: $region) { kid state } }"
WITHDRAW = "mutation ($kid: String!) { withdrawSigningKey(kid: $kid) }"
REGIONS = "{ regions { name isOwn activeKid } }"
EVENTS = "SELECT kind, actor_id IS NULL, details FROM security_event WHERE kind LIKE 'KEY%' ORDER BY id"


def code(answer: Mapping[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_an_admin_of_one_region_changes_the_keys_of_another_there(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    admin = await sign_in_as_admin(us)
    answer = await us.ask(ROTATE, admin, region="eu")
    assert answer["data"]["rotateSigningKey"] == [
        {"kid": "eu:1", "state": "ACTIVE"},
        {"kid": "eu:2", "state": "PENDING"},
    ]
    assert code(await us.ask(ROTATE, admin, region="moon")) == "REGION_NOT_FOUND"
    assert (await us.ask(WITHDRAW, admin, kid="eu:9"))["data"] == {"withdrawSigningKey": False}
    assert (await us.ask(WITHDRAW, admin, kid="eu:1"))["data"] == {"withdrawSigningKey": True}

    async def hears() -> bool:
        known = (await us.ask(REGIONS, admin))["data"]["regions"]
        return {each["name"]: each["activeKid"] for each in known} == {"us": "us:1", "eu": "eu:3"}

    await eventually(hears)
    kids = [("KEY_ROTATED", {"kid": "eu:2"}), ("KEY_WITHDRAWN", {"kid": "eu:1"})]
    assert await eu.rows(EVENTS) == [(kind, True, {**kid, "askedBy": "us"}) for kind, kid in kids]
    assert await us.rows(EVENTS) == [
        ("KEY_ROTATED", False, {"region": "eu"}),
        ("KEY_WITHDRAWN", False, {"region": "eu", "kid": "eu:1"}),
    ]
    eu.cut_off()
    assert code(await us.ask(ROTATE, admin, region="eu")) == "REGION_UNAVAILABLE"


async def test_everybody_sees_how_long_a_region_was_not_heard_of(regions: Mapping[str, Region]) -> None:
    eu, us = regions["eu"], regions["us"]

    async def lag() -> float | None:
        own, other = (await us.get("/regions/health"))["regions"]
        assert own == {"name": "us", "isOwn": True, "lagMs": 0}
        assert (other["name"], other["isOwn"]) == ("eu", False)
        return None if other["lagMs"] is None else float(other["lagMs"])

    async def is_heard() -> bool:
        return (await lag() or float("inf")) < 2000

    async def is_late() -> bool:
        answer = await us.transport.send(Request(path="/metrics", method="GET"))
        lines = answer.body.decode().splitlines()
        measured = next(line for line in lines if line.startswith('identity_region_lag_seconds{region="eu"}'))
        return float(measured.split()[1]) > 2 and (await lag() or 0) > 2000

    await eventually(is_heard)
    eu.cut_off()
    await eventually(is_late)
    eu.rejoin()
    await eventually(is_heard)


async def test_a_region_that_was_never_heard_of_is_among_all(migrated_database: Callable[..., str]) -> None:
    database = Database.open(migrated_database("identity"), schema="identity")
    sealer = Sealer(bytes(32))
    homes = Homes({"eu": open_transport("http://127.0.0.1:1")}, None)
    regions = Regions(database, SigningKeys(database, sealer, KeyPolicy()), homes)
    assert [(each.name, each.lag_ms) for each in await regions.all()] == [("home", 0.0), ("eu", None)]
    await homes.close()
    await database.close()
