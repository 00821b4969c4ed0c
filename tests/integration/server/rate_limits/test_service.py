"""The router holds operations to the policies of the platform's rate limiter, which is the real one here."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar

from common.app import running
from common.database import Database
from gateway.server.config import ConfigError, parse_config
from subgraphs.ratelimit.app import service
from subgraphs.ratelimit.domain.policies import FailMode, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service.policies import PolicyBook

QUERY = {"query": "query Names {products {name}}"}
CONFIG = """
rate_limits:
  on_failure: %s
  service:
    url: app://ratelimit/
    token: %s
    timeout: 20s
    descriptor: {client: header.x-client, operation: operation_name}
"""


def policy(name: str, limit: int, *by: str) -> Policy:
    return Policy(
        id=UUID(int=0),
        namespace="graph",
        name=name,
        by=by,
        when={},
        rule=Rule(algorithm=Algorithm.FIXED_WINDOW, limit=limit, period=36_000),
        fail_mode=FailMode.LOCAL,
        is_shadow=False,
        priority=0,
        version=1,
    )


@pytest.fixture
async def limiter(migrated_database: Callable[..., str], redis_url: str) -> AsyncIterator[Litestar]:
    """The rate limiter with two operations a client and three of a name."""
    database_url = migrated_database("ratelimit")
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "NATS_URL": "nats://127.0.0.1:9",
        "HANSA_ISSUER": "https://hansa.example",
        "HANSA_JWKS_URL": "http://127.0.0.1:9",
        "HANSA_RATELIMIT_TOKEN": "right",
    }
    database = Database.open(database_url, schema=service.name)
    book = PolicyBook(database, Policies(database, lambda: None))
    await book.put_namespace("graph", "")
    for each in (policy("client", 2, "client"), policy("name", 3, "operation")):
        await book.upsert_policy(each, "test", dry_run=False)
    await database.close()
    async with running(service.create_app(environment)) as app:
        yield app


async def test_what_the_service_denies_is_refused_with_its_headers(
    make_router: Any, client_of: Any, limiter: Litestar, subgraphs: dict[str, Any]
) -> None:
    config = parse_config(CONFIG % ("deny", "right"), {})
    async with client_of(make_router(config, apps={"ratelimit": limiter})) as client:

        async def ask(name: str) -> Any:
            return await client.post("/graphql", json=QUERY, headers={"x-client": name})

        first = await ask("a")
        assert first.status_code == 200
        assert first.headers["ratelimit-policy"] == '"client";q=2;w=36000, "name";q=3;w=36000'
        assert first.headers["ratelimit"].startswith('"client";r=1;t=')
        assert (await ask("a")).status_code == 200
        refused = await ask("a")
        assert (refused.status_code, (await ask("b")).status_code) == (429, 200)
        assert (await ask("b")).status_code == 429
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMIT_EXCEEDED", "limit": "client"}
    assert int(refused.headers["retry-after"]) > 0
    assert len(subgraphs["products"].requests) == 3


async def test_the_routers_own_limits_and_the_services_are_told_together(
    make_router: Any, client_of: Any, limiter: Litestar
) -> None:
    own = "  limits: [{name: own, key: [client_address], capacity: 9, interval: 1h}]\n"
    config = parse_config(CONFIG % ("allow", "right") + own, {})
    async with client_of(make_router(config, apps={"ratelimit": limiter})) as client:
        answer = await client.post("/graphql", json=QUERY, headers={"x-client": "a"})
    told = [item.split(";")[0] for item in answer.headers["ratelimit"].split(", ")]
    assert told == ['"own"', '"client"', '"name"']


@pytest.mark.parametrize(("on_failure", "status"), [("allow", 200), ("deny", 503)])
async def test_without_a_verdict_the_configuration_decides(
    make_router: Any, client_of: Any, limiter: Litestar, on_failure: str, status: int
) -> None:
    config = parse_config(CONFIG % (on_failure, "wrong"), {})
    async with client_of(make_router(config, apps={"ratelimit": limiter})) as client:
        answer = await client.post("/graphql", json=QUERY)
    assert answer.status_code == status
    if status == 503:
        assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITS_UNAVAILABLE"


def test_limits_of_nobody_are_no_configuration() -> None:
    with pytest.raises(ConfigError, match="service"):
        parse_config("rate_limits: {on_failure: deny}", {})
