"""Both planes together: what is written in the graph is served, and what is served is told in the graph."""

import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.http import Request
from tests.integration.proxy.gateways import gateway, until
from tests.integration.proxy.upstreams import Server
from tests.integration.tenants.conftest import (  # noqa: F401 - fixtures
    DOMAIN,
    TOKEN,
    Hall,
    environment,
    issuer,
    opened,
)
from tests.integration.tenants.test_configurations import APPLY, ROLLBACK
from tests.integration.tenants.test_data_planes import USAGE
from tests.integration.tenants.test_keys import REVOKE, issue
from tests.unit.auth.conftest import Issuer

HOST = f"bergen.{DOMAIN}"


@pytest.fixture
async def hall(environment: Mapping[str, str], issuer: Issuer) -> AsyncIterator[Hall]:  # noqa: F811 - the fixtures
    """The control plane; upstreams of tests are on this machine."""
    async with opened({**environment, "HANSA_TENANTS_INNER_UPSTREAMS": "true"}, issuer) as hall:
        yield hall


def document(upstream: Server, **policy: Any) -> dict[str, Any]:
    return {
        "routes": [{"name": "all", "upstream": "main", "policy": "keyed"}],
        "upstreams": {"main": {"targets": [{"url": upstream.url}]}},
        "policies": {"keyed": policy},
    }


async def test_a_tenant_is_served_by_what_it_writes_down(
    hall: Hall,
    upstream: Server,
    tmp_path: Path,
) -> None:
    bergen = await hall.create("bergen")
    settings = {"HANSA_TENANTS_TOKEN": TOKEN}
    async with gateway(hall.app, tmp_path, **settings) as proxy:  # type: ignore[arg-type]  # the real one

        async def status(expected: int, key: str | None = None) -> bool:
            return (await proxy.ask("/orders", host=HOST, key=key)).status == expected

        assert (await proxy.ask("/orders", host=HOST)).status in {404, 503}
        await hall.get(APPLY, tenant=bergen, document=document(upstream))
        await until(lambda: status(401))
        issued = await issue(hall, bergen, scopes=["read"])
        reply = await proxy.ask("/orders", host=HOST, key=issued["secret"])
        assert reply.status == 200
        assert {("x-hansa-tenant", bergen), ("x-hansa-consumer", "shop"), ("x-hansa-scopes", "read")} <= set(
            reply.seen
        )
        await hall.get(APPLY, tenant=bergen, document=document(upstream, scopes=["write"]))
        await until(lambda: status(403, issued["secret"]))
        await hall.get(ROLLBACK, tenant=bergen, version=1)
        await until(lambda: status(200, issued["secret"]))
        await hall.get(REVOKE, id=issued["key"]["id"])
        revoked = time.monotonic()
        await until(lambda: status(401, issued["secret"]))
        assert time.monotonic() - revoked < 1 + 3  # on a busy machine

        now = datetime.now(UTC)
        since, span = now.replace(minute=0, second=0, microsecond=0), timedelta(hours=2)
        asked = {"since": since.isoformat(), "until": (since + span).isoformat(), "span": "HOUR", "by": None}

        async def is_told() -> bool:
            (told, *_) = (await hall.get(USAGE, id=bergen, **asked))["usage"] or [{"requests": 0}]
            return bool(told["requests"] == len(upstream.seen))

        await until(is_told)


async def test_another_tenants_key_is_no_key(
    hall: Hall,
    upstream: Server,
    tmp_path: Path,
) -> None:
    bergen, visby = await hall.create("bergen"), await hall.create("visby", "grace")
    await hall.get(APPLY, tenant=bergen, document=document(upstream))
    await hall.get(APPLY, "grace", tenant=visby, document=document(upstream))
    issued = await hall.get(
        """mutation ($tenant: ID!) { issueKey(input: {tenantId: $tenant, name: "a", consumer: "c"}, idempotencyKey: "a") {
            ... on IssuedKey { secret } } }""",
        "grace",
        tenant=visby,
    )
    async with gateway(hall.app, tmp_path, HANSA_TENANTS_TOKEN=TOKEN) as proxy:  # type: ignore[arg-type]  # the real one
        assert (await proxy.ask("/", host=f"visby.{DOMAIN}", key=issued["secret"])).status == 200
        assert (await proxy.ask("/", host=HOST, key=issued["secret"])).status == 401
    assert all(seen.values("x-hansa-tenant") == [visby] for seen in upstream.seen)
    assert (await hall.doors.send(Request("/health/ready", method="GET"))).status == 200
