import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

import pytest
from joserfc.util import urlsafe_b64decode

from common.database import Database
from subgraphs.identity.domain.roles import OPERATOR
from subgraphs.identity.store import roles
from tests.fuzz.services.fuzzing import (
    RATELIMIT_TOKEN,
    TENANTS_TOKEN,
    Running,
    free_port,
    in_a_loop_of_its_own,
    running,
)

SIGN_IN = """mutation { signIn(input: {email: "eve@hansa.example", password: "long enough"}) {
  ... on Session { accessToken } } }"""
SIGN_UP = """mutation { signUp(input: {email: "ada@hansa.example", password: "long enough", name: "Ada"}) {
  ... on Session { accessToken } } }"""


@pytest.fixture(scope="session")
def environment(servers: Mapping[str, str], create_database: Callable[[], str]) -> Mapping[str, str]:
    """What all services need, with identity at a port that is free now."""
    port = free_port()
    return {
        **servers,
        "DATABASE_URL": create_database(),
        "HANSA_ISSUER": f"http://127.0.0.1:{port}",
        "HANSA_JWKS_URL": f"http://127.0.0.1:{port}/.well-known/jwks.json",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "HANSA_RATELIMIT_TOKEN": RATELIMIT_TOKEN,
        "HANSA_TENANTS_TOKEN": TENANTS_TOKEN,
        "IDENTITY_PORT": str(port),
    }


@pytest.fixture(scope="session")
def identity(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("identity") / "log"
    with running("identity", environment, log, port=int(environment["IDENTITY_PORT"])) as url:
        service = Running(url)
        _, answer = service.post(json.dumps({"query": SIGN_UP}).encode())
        service.token = json.loads(answer)["data"]["signUp"]["accessToken"]
        yield service


@pytest.fixture(scope="session")
def operator(identity: Running, environment: Mapping[str, str]) -> str:
    """The access token of someone who steers stock, jobs and rate limits."""
    _, answer = identity.post(json.dumps({"query": SIGN_UP.replace("ada@", "eve@")}).encode())
    token = json.loads(answer)["data"]["signUp"]["accessToken"]
    user_id = UUID(json.loads(urlsafe_b64decode(token.split(".")[1].encode()))["sub"])

    async def promote() -> None:
        database = Database.open(environment["DATABASE_URL"], schema="identity")
        async with database.transaction() as transaction:
            await roles.grant(transaction, user_id, OPERATOR, None)
        await database.close()

    in_a_loop_of_its_own(promote)
    _, answer = identity.post(json.dumps({"query": SIGN_IN}).encode())
    return str(json.loads(answer)["data"]["signIn"]["accessToken"])


@pytest.fixture(scope="module")
def service(
    request: pytest.FixtureRequest,
    identity: Running,
    environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """The service that the module is about: `SERVICE`."""
    name = request.module.SERVICE
    log = tmp_path_factory.mktemp(name) / "log"
    with running(name, environment, log, port=free_port()) as url:
        yield Running(url, identity.token)
