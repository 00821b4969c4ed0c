"""Guarantee 18 of tenants' README: a host is served for the tenant that proves it, and for no other one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.tenants.conftest import Hall, opened
from tests.integration.tenants.nameserver import NameServer, name_server
from tests.integration.tenants.test_configurations import APPLY, ORDERS, changes
from tests.unit.auth.conftest import Issuer

HOST = "api.customer.example"
DOMAIN = """__typename ... on TenantDomain { host state recordName recordValue failingSince droppedAt }
    ... on InvalidInput { field } ... on TenantConflict { code }"""
ADD = (
    f"mutation ($tenant: ID!, $host: String!) {{ addDomain(tenantId: $tenant, host: $host) {{ {DOMAIN} }} }}"
)
VERIFY = f"mutation ($tenant: ID!, $host: String!) {{ verifyDomain(tenantId: $tenant, host: $host) {{ {DOMAIN} }} }}"
REMOVE = "mutation ($tenant: ID!, $host: String!) { removeDomain(tenantId: $tenant, host: $host) }"
DOMAINS = "query ($id: ID!) { tenant(id: $id) { domains { host state droppedAt failingSince } } }"
AUDIT = "query ($id: ID!) { tenant(id: $id) { audit { action } } }"


@pytest.fixture
async def zone() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        yield server


@pytest.fixture
async def hall(environment: Mapping[str, str], issuer: Issuer, zone: NameServer) -> AsyncIterator[Hall]:
    async with opened({**environment, "HANSA_TENANTS_NAMESERVERS": f"127.0.0.1:{zone.port}"}, issuer) as hall:
        yield hall


async def claim(hall: Hall, zone: NameServer, tenant: str, user: str = "ada") -> dict[str, Any]:
    """Claims the host and publishes what proves it."""
    added: dict[str, Any] = await hall.get(ADD, user, tenant=tenant, host=HOST)
    assert added["state"] == "PENDING"
    zone.texts[added["recordName"]] = ["v=spf1 -all", added["recordValue"]]
    return added


async def verify(hall: Hall, tenant: str, user: str = "ada") -> str:
    answer = await hall.get(VERIFY, user, tenant=tenant, host=HOST)
    return str(answer.get("state") or answer.get("code"))


async def standing(hall: Hall, tenant: str, user: str = "ada") -> list[str]:
    return [each["state"] for each in (await hall.get(DOMAINS, user, id=tenant))["domains"]]


async def hosts(hall: Hall) -> dict[str, list[str]]:
    return {each["tenant"]: each["hosts"] for each in (await changes(hall))["configurations"]}


async def age(hall: Hall, column: str, **by: int) -> None:
    """Let it have been so much earlier."""
    async with hall.database.transaction() as transaction:
        await transaction.execute(
            f"UPDATE domain SET {column} = {column} - CAST(:by AS interval)", {"by": timedelta(**by)}
        )


async def become(hall: Hall, tenant: str, state: str) -> None:
    """The service looks at hosts by itself: let it be time to, and wait for what it finds."""
    await age(hall, "checked_at", hours=7)
    async with asyncio.timeout(20):
        while await standing(hall, tenant) != [state]:  # noqa: ASYNC110 - it watches a service
            await asyncio.sleep(0.05)


@pytest.fixture
async def bergen(hall: Hall, zone: NameServer) -> str:
    """A tenant that is served at a host of its own."""
    tenant = await hall.create("bergen")
    await hall.get(APPLY, tenant=tenant, document=ORDERS)
    await claim(hall, zone, tenant)
    assert await verify(hall, tenant) == "VERIFIED"
    return tenant


async def test_a_host_is_served_once_it_is_proved(hall: Hall, zone: NameServer) -> None:
    bergen = await hall.create("bergen")
    await hall.get(APPLY, tenant=bergen, document=ORDERS)
    added = await hall.get(ADD, tenant=bergen, host=HOST)
    assert added == await hall.get(ADD, tenant=bergen, host=HOST)
    assert await verify(hall, bergen) == "DOMAIN_NOT_PROVED"
    zone.texts[added["recordName"]] = ["hansa-verification=another"]
    assert await verify(hall, bergen) == "DOMAIN_NOT_PROVED"
    document = {**ORDERS, "hosts": [HOST]}
    refused = await hall.get(APPLY, tenant=bergen, document=document)
    assert [each["place"] for each in refused["problems"]] == ["hosts[0]"]
    zone.texts[added["recordName"]] = [added["recordValue"]]
    before = (await changes(hall))["sequence"]
    assert await verify(hall, bergen) == "VERIFIED"
    (told,) = (await changes(hall, before))["configurations"]
    assert told["hosts"] == ["bergen.apis.example", HOST]
    await hall.get(APPLY, tenant=bergen, document=document)
    assert await hosts(hall) == {bergen: [HOST]}
    assert await hall.get(REMOVE, tenant=bergen, host=HOST) == HOST
    assert await hosts(hall) == {bergen: ["bergen.apis.example"]}


async def test_a_route_of_a_lost_host_is_no_route_of_others(hall: Hall, bergen: str) -> None:
    routes = [
        *ORDERS["routes"],
        {"name": "inner", "upstream": "shop", "policy": "open", "hosts": [HOST]},
    ]
    await hall.get(APPLY, tenant=bergen, document={**ORDERS, "routes": routes})
    await hall.get(REMOVE, tenant=bergen, host=HOST)
    (told,) = (await changes(hall))["configurations"]
    assert [route["name"] for route in told["routes"]] == ["orders"]


async def test_nobody_takes_what_another_proves(hall: Hall, zone: NameServer, bergen: str) -> None:
    visby = await hall.create("visby", "bob")
    (record,) = zone.texts
    proofs = zone.texts[record]
    added = await claim(hall, zone, visby, "bob")
    zone.texts[record] += proofs
    assert await verify(hall, visby, "bob") == "DOMAIN_TAKEN"
    assert await standing(hall, bergen) == ["VERIFIED"]
    zone.texts[record] = [added["recordValue"]]
    assert await verify(hall, visby, "bob") == "VERIFIED", "it has changed hands"
    assert await standing(hall, bergen) == ["PENDING"]
    assert await verify(hall, bergen) == "DOMAIN_NOT_PROVED"
    assert await hosts(hall) == {bergen: ["bergen.apis.example"]}
    assert "domain.drop" in str(await hall.get(AUDIT, id=bergen))


async def test_a_claim_without_a_proof_keeps_nobody_out(hall: Hall, zone: NameServer) -> None:
    visby, bergen = await hall.create("visby", "bob"), await hall.create("bergen")
    await hall.get(ADD, "bob", tenant=visby, host=HOST)
    await claim(hall, zone, bergen)
    assert await verify(hall, bergen) == "VERIFIED"
    assert await verify(hall, visby, "bob") == "DOMAIN_NOT_PROVED"


async def test_a_host_that_stops_proving_itself_is_told_and_served_for_a_week(
    hall: Hall, zone: NameServer, bergen: str
) -> None:
    (record,) = zone.texts
    proofs = zone.texts.pop(record)
    await become(hall, bergen, "FAILING")
    (failing,) = (await hall.get(DOMAINS, id=bergen))["domains"]
    assert failing["failingSince"] < failing["droppedAt"]
    assert (await hosts(hall))[bergen][-1] == HOST
    zone.texts[record] = proofs
    await become(hall, bergen, "VERIFIED")
    del zone.texts[record]
    await become(hall, bergen, "FAILING")
    await age(hall, "failing_since", days=7)
    before = (await changes(hall))["sequence"]
    await become(hall, bergen, "PENDING")
    (told,) = (await changes(hall, before))["configurations"]
    assert told["hosts"] == ["bergen.apis.example"]
    actions = [each["action"] for each in (await hall.get(AUDIT, id=bergen))["audit"]]
    assert actions[:4] == ["domain.drop", "domain.fail", "domain.recover", "domain.fail"]


async def test_dns_that_does_not_answer_says_nothing_of_a_host(
    hall: Hall, zone: NameServer, bergen: str
) -> None:
    zone.fails, asked = True, len(zone.asked)
    await age(hall, "checked_at", hours=7)
    async with asyncio.timeout(20):
        while len(zone.asked) == asked:  # noqa: ASYNC110 - it watches a service
            await asyncio.sleep(0.05)
    assert await verify(hall, bergen) == "DOMAIN_NOT_PROVED"
    assert await standing(hall, bergen) == ["VERIFIED"]


@pytest.mark.parametrize(
    "host",
    [
        "bergen.apis.example",
        "apis.example",
        "localhost",
        "10.0.0.1",
        "1.2.3.0x4",
        "A.example",
        "*.a.example",
        "a..b",
    ],
)
async def test_what_no_customer_has_is_refused(hall: Hall, host: str) -> None:
    bergen = await hall.create("bergen")
    answer = await hall.get(ADD, tenant=bergen, host=host)
    assert answer == {"__typename": "InvalidInput", "field": "host"}


async def test_developers_do_not_claim_hosts(hall: Hall, bergen: str) -> None:
    await hall.join(bergen, "dev", "DEVELOPER")
    assert await hall.refused(ADD, "dev", tenant=bergen, host="b.example") == ["UNAUTHORIZED"]
    assert await hall.refused(REMOVE, "dev", tenant=bergen, host=HOST) == ["UNAUTHORIZED"]
