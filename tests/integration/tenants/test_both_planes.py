"""Guarantees 7, 10 and 12 of tenants' README, with the data plane itself: keys, configurations and usage go all the way.

There is no Valkey here: nothing of this needs one.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from subgraphs.tenants.domain.configurations import Rules, read_document
from subgraphs.tenants.service.use_cases import UseCases
from tests.integration.proxy.gateways import Gateway, gateway, until
from tests.integration.proxy.upstreams import Server, server
from tests.integration.tenants.conftest import DOMAIN, TOKEN, Hall
from tests.integration.tenants.crashing import Publishing
from tests.integration.tenants.test_data_planes import USAGE
from tests.integration.tenants.test_keys import REVOKE, issue

HOST = f"bergen.{DOMAIN}"


@dataclass
class Both:
    hall: Hall
    proxy: Gateway
    upstream: Server
    tenant: str

    async def apply(self, prefix: str, tenant: str | None = None) -> None:
        use = UseCases.over(self.hall.database, Rules(DOMAIN, inner_upstreams=True))
        document = {
            "routes": [{"name": "fish", "prefix": prefix, "upstream": "shop", "policy": "keyed"}],
            "upstreams": {"shop": {"targets": [{"url": self.upstream.url}]}},
            "policies": {"keyed": {"scopes": ["fish"]}},
        }
        await use.configurations.apply("ada", UUID(tenant or self.tenant), read_document(document))

    async def status(self, path: str, key: str | None, host: str = HOST) -> int:
        return (await self.proxy.ask(path, host=host, key=key)).status

    async def become(self, path: str, key: str | None, status: int) -> float:
        """How many seconds it took."""
        began = time.monotonic()

        async def is_so() -> bool:
            return await self.status(path, key) == status

        await until(is_so)
        return time.monotonic() - began


@pytest.fixture
async def both(hall: Hall, tmp_path: Path) -> AsyncIterator[Both]:
    tenant = await hall.create("bergen")
    async with (
        server() as upstream,
        gateway(hall.app, tmp_path, HANSA_TENANTS_TOKEN=TOKEN) as proxy,  # type: ignore[arg-type]  # an app, as its own double is
    ):
        both = Both(hall, proxy, upstream, tenant)
        await both.apply("/fish")
        yield both


async def test_a_key_counts_until_it_is_revoked_and_not_a_second_longer(both: Both) -> None:
    issued = await issue(both.hall, both.tenant, scopes=["fish"])
    await both.become("/fish", issued["secret"], 200)
    assert await both.status("/fish", None) == 401
    plain = await issue(both.hall, both.tenant, key="other")
    assert await both.status("/fish", plain["secret"]) == 403
    await both.hall.get(REVOKE, id=issued["key"]["id"])
    seconds = await both.become("/fish", issued["secret"], 401)
    assert seconds < 5, "the README says one; the machine may be busy"


async def test_a_configuration_is_switched_to_as_a_whole(both: Both) -> None:
    secret = (await issue(both.hall, both.tenant, scopes=["fish"]))["secret"]
    await both.become("/fish", secret, 200)
    await both.apply("/cod")
    await both.become("/cod", secret, 200)
    assert await both.status("/fish", secret) == 404


async def test_a_suspended_tenant_is_not_served_until_it_is_resumed(both: Both) -> None:
    suspend = "mutation ($id: ID!, $on: Boolean!) { suspendTenant(id: $id, suspended: $on) }"
    secret = (await issue(both.hall, both.tenant, scopes=["fish"]))["secret"]
    await both.apply("/wool", await both.hall.create("visby"))  # a proxy without any tenant waits for one
    await both.become("/fish", secret, 200)
    assert await both.hall.refused(suspend, id=both.tenant, on=True) == ["UNAUTHORIZED"]
    await both.hall.get(suspend, "root", "tenants:admin", id=both.tenant, on=True)
    await both.become("/fish", secret, 404)
    answer = await both.hall.call("/v1/keys:verify", key=secret)
    assert answer == {"valid": False, "code": "NOT_FOUND"}
    await both.hall.get(suspend, "root", "tenants:admin", id=both.tenant, on=False)
    await both.become("/fish", secret, 200)


async def test_another_tenants_key_is_no_key(both: Both) -> None:
    visby = await both.hall.create("visby")
    await both.apply("/fish", visby)
    secret = (await issue(both.hall, visby, scopes=["fish"]))["secret"]

    async def is_served() -> bool:
        return await both.status("/fish", secret, f"visby.{DOMAIN}") == 200

    await until(is_served)
    assert await both.status("/fish", secret) == 401
    assert {seen.values("x-hansa-tenant")[0] for seen in both.upstream.seen} == {visby}


async def test_a_host_of_ones_own_is_served_once_it_is_proved(both: Both) -> None:
    secret = (await issue(both.hall, both.tenant, scopes=["fish"]))["secret"]
    host, resolver = "fish.customer.example", Publishing()
    use = UseCases.over(both.hall.database, Rules(DOMAIN, inner_upstreams=True), resolver)
    claim = await use.domains.add("ada", UUID(both.tenant), host)
    await both.become("/fish", secret, 200)
    assert await both.status("/fish", secret, host) == 404
    resolver.published = frozenset({claim.record_value})
    await use.domains.verify("ada", UUID(both.tenant), host)

    async def is_served() -> bool:
        return await both.status("/fish", secret, host) == 200

    await until(is_served)


async def test_what_is_billed_is_what_the_upstream_answered(both: Both) -> None:
    issued = await issue(both.hall, both.tenant, scopes=["fish"])
    await both.become("/fish", issued["secret"], 200)
    await asyncio.gather(*(both.status("/fish", issued["secret"]) for _ in range(20)))
    await asyncio.gather(*(both.status("/fish", None) for _ in range(3)))
    until_ = datetime.now(UTC) + timedelta(hours=1)
    window = {"since": (until_ - timedelta(hours=2)).isoformat(), "until": until_.isoformat(), "span": "HOUR"}

    async def billed() -> bool:
        found: Any = await both.hall.get(USAGE, id=both.tenant, **window, by=["ROUTE", "CONSUMER", "KEY"])
        by_key = {each["keyId"]: each for each in found["usage"]}
        mine = by_key.get(issued["key"]["id"])
        return mine is not None and mine["requests"] == len(both.upstream.seen) and mine["consumer"] == "shop"

    await until(billed)
