"""With the platform's own configuration no service is sent the caller's token, only one of its own."""

import json
from collections.abc import Mapping
from pathlib import Path

from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.http import Request, Response, Transport, open_transport
from gateway.cli.up import CONFIG
from gateway.platform.options import Options
from gateway.platform.platform import running_platform
from gateway.platform.services import find_service

SIGN_IN = """mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { ... on Session { accessToken } } }"""
MINE = "{ me { reservations { id } } }"


async def ask(door: Transport, query: str, token: str | None = None, **variables: str) -> Response:
    headers = (("content-type", "application/json"),)
    if token is not None:
        headers = (*headers, ("authorization", f"Bearer {token}"))
    body = json.dumps({"query": query, "variables": variables}).encode()
    return await door.send(Request(path="", body=body, headers=headers))


async def test_a_service_that_accepts_its_own_tokens_only_answers_through_the_router_alone(
    servers: Mapping[str, str], database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "NATS_URL": servers["NATS_URL"]}
    environment["HANSA_INVENTORY_AUDIENCE"] = "nobody"
    options = Options(
        address="127.0.0.1:4000",
        proxy="127.0.0.1:4001",
        directory=tmp_path,
        config=CONFIG,
        environment=environment,
    )
    services = {name: find_service(name) for name in ("identity", "inventory", "ratelimit", "tenants")}
    async with running_platform(options, services, lambda _part, _state: None) as platform:
        apps = {"router": platform.app, **platform.host.apps}
        router, inventory = (
            open_transport(f"app://{name}/graphql", apps=apps) for name in ("router", "inventory")
        )
        user = DEMO_USERS[0]
        answer = await ask(router, SIGN_IN, email=user.email, password=DEMO_PASSWORD)
        token = json.loads(answer.body)["data"]["signIn"]["accessToken"]
        through_the_router = json.loads((await ask(router, MINE, token)).body)
        assert "errors" not in through_the_router
        assert through_the_router["data"]["me"]["reservations"], "the demo user has some"
        assert (await ask(inventory, "{ __typename }", token)).status == 401
