"""The whole rate limiter over a cluster, which it knows by its URL alone."""

import json
from collections.abc import Callable
from typing import Any

from common.app import running
from common.http import Request, open_transport
from subgraphs.ratelimit.app import service as description
from tests.integration.valkey.servers import Cluster
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

TOKEN = "the-services-own"
NAMESPACES = [f"shop-{number}" for number in range(9)]
"""Of slots on all primaries."""
POLICIES = [
    {"name": "hour", "algorithm": "SLIDING_LOG", "limit": 3, "period": 3_600, "by": ["user"]},
    {"name": "month", "algorithm": "FIXED_WINDOW", "limit": 9, "calendar": "MONTH"},
]


async def test_every_door_works_in_every_shard(
    cluster: Cluster, migrated_database: Callable[..., str], nats_url: str
) -> None:
    environment = {
        "DATABASE_URL": migrated_database("ratelimit"),
        "REDIS_URL": cluster.url,
        "NATS_URL": nats_url,
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": "app://issuer/jwks",
        "HANSA_RATELIMIT_TOKEN": TOKEN,
        "HANSA_RATELIMIT_TIMEOUT_MS": "1000",
    }
    app = description.create_app(environment)
    app.state.apps = {"issuer": Issuer(), "ratelimit": app}
    doors = open_transport("app://ratelimit", apps=app.state.apps)

    async def post(path: str, **body: Any) -> tuple[int, Any]:
        headers = (("authorization", f"Bearer {TOKEN}"),)
        answer = await doors.send(Request(path=path, body=json.dumps(body).encode(), headers=headers))
        return answer.status, json.loads(answer.body)

    async with running(app):
        for namespace in NAMESPACES:
            assert (await post("/v1/policies:declare", namespace=namespace, policies=POLICIES))[0] == 200
        checks = [{"namespace": name, "descriptor": {"user": "ada"}} for name in NAMESPACES for _ in range(5)]
        _, told = await post("/v1/limits:checkMany", checks=checks)
        assert not any(verdict["degraded"] for verdict in told["verdicts"])
        allowed = [verdict["allowed"] for verdict in told["verdicts"]]
        assert [sum(allowed[start : start + 5]) for start in range(0, len(allowed), 5)] == [3] * 9
        for namespace in NAMESPACES:
            asked = {"namespace": namespace, "descriptor": {"user": "bob"}}
            _, made = await post("/v1/limits:reserve", **asked, cost=3)
            assert (await post("/v1/limits:commit", reservation=made["reservation"], cost=2))[0] == 200
            assert (await post("/v1/limits:refund", **asked))[0] == 200
            _, peeked = await post("/v1/limits:peek", **asked)
            assert [limit["remaining"] for limit in peeked["limits"]] == [2, 5]
            assert (await post("/v1/limits:reset", **asked))[0] == 200
            assert (await post("/check", **asked, cost=3))[0] == 200
    await doors.close()
    assert all(node.client.dbsize() for node in cluster.primaries())
