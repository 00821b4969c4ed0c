"""The function library in a real Valkey at times of the test's own, and the whole service without a socket."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from litestar import Litestar

from common.app import running
from common.http import Request, Response, Transport, open_transport
from common.valkey import FunctionLibrary, ValkeyLink
from subgraphs.ratelimit.access import WRITE_SCOPE
from subgraphs.ratelimit.app import service as description
from subgraphs.ratelimit.domain.model import Answer, Decision
from subgraphs.ratelimit.engine.protocol import SOURCE, decode_answers, encode_decisions, keys_of
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

TOKEN = "the-services-own"
NAMESPACE = "shop"

PUT = """mutation ($input: RateLimitPolicyInput!, $dryRun: Boolean! = false) {
  upsertRateLimitPolicy(input: $input, dryRun: $dryRun) {
    __typename
    ... on RateLimitPolicy { id name limit burst version isShadow algorithm }
    ... on InvalidInput { field message }
    ... on RateLimitPolicyNotFound { message } } }"""


class Functions:
    """limits.lua behind a connection that waits: hypothesis runs no coroutines."""

    def __init__(self, url: str) -> None:
        library = FunctionLibrary(ValkeyLink(url, timeout=1), "ratelimit", SOURCE)
        self.name = library.name
        self.redis = redis.Redis.from_url(url)
        self.redis.function_load(library.source, replace=True)

    def decide(self, now: int, decisions: Sequence[Decision]) -> list[Answer]:
        payload = encode_decisions(now, decisions)
        keys = keys_of(decisions)
        answer = self.redis.execute_command("FCALL", self.name, len(keys), *keys, payload)
        return decode_answers(answer)[1]


@dataclass
class Service:
    """The running service; `post` uses a door, `ask` the graph, `put` writes a policy down in the namespace `shop`."""

    app: Litestar
    issuer: Issuer
    doors: Transport
    graph: Transport

    async def post(self, path: str, body: Any, authorization: str | None = f"Bearer {TOKEN}") -> Response:
        headers = (("authorization", authorization),) if authorization else ()
        return await self.doors.send(Request(path=path, body=json.dumps(body).encode(), headers=headers))

    async def call(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.post(path, body)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    async def check(self, cost: int = 1, **descriptor: str) -> Response:
        return await self.post("/check", {"namespace": NAMESPACE, "descriptor": descriptor, "cost": cost})

    async def admitted(self, times: int, **descriptor: str) -> int:
        """How many of so many checks one after the other are let in."""
        answers = [await self.check(**descriptor) for _ in range(times)]
        return sum(answer.status == 200 for answer in answers)

    async def ask(
        self, query: str, scope: str = WRITE_SCOPE, user: str | None = "ada", **variables: Any
    ) -> dict[str, Any]:
        headers = [("content-type", "application/json")]
        if user:
            headers.append(("authorization", f"Bearer {self.issuer.token({'sub': user, 'scope': scope})}"))
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = await self.graph.send(Request(path="", body=body, headers=tuple(headers)))
        return dict(json.loads(answer.body))

    async def put(self, name: str, **members: Any) -> dict[str, Any]:
        given = {"namespace": NAMESPACE, "name": name, **members}
        answer = await self.ask(PUT, input=given)
        put = answer["data"]["upsertRateLimitPolicy"]
        assert put["__typename"] == "RateLimitPolicy", put
        return dict(put)


@pytest.fixture
def functions(redis_url: str) -> Iterator[Functions]:
    functions = Functions(redis_url)
    yield functions
    functions.redis.close()


@pytest.fixture
def environment(migrated_database: Callable[..., str], redis_url: str, nats_url: str) -> Mapping[str, str]:
    return {
        "DATABASE_URL": migrated_database("ratelimit"),
        "REDIS_URL": redis_url,
        "NATS_URL": nats_url,
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": "app://issuer/jwks",
        "HANSA_RATELIMIT_TOKEN": TOKEN,
        "HANSA_RATELIMIT_TIMEOUT_MS": "1000",  # the machine is busy, and only outages are to look like one
    }


@pytest.fixture
def grpc_address(tmp_path: Path) -> str:
    """Where the service speaks Envoy's protocol."""
    return f"unix:{tmp_path}/grpc.sock"


@pytest.fixture
async def service(environment: Mapping[str, str], grpc_address: str) -> AsyncIterator[Service]:
    environment = {**environment, "HANSA_RATELIMIT_GRPC_LISTEN": grpc_address}
    app, issuer = description.create_app(environment), Issuer()
    app.state.apps = {"issuer": issuer, "ratelimit": app}
    doors = open_transport("app://ratelimit", apps=app.state.apps)
    graph = open_transport("app://ratelimit/graphql", apps=app.state.apps)
    async with running(app):
        service = Service(app, issuer, doors, graph)
        await service.ask('mutation { putRateLimitNamespace(name: "shop") { id } }')
        yield service
    await doors.close()
    await graph.close()
