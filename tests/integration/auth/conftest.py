import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from common.database import Database
from common.http import Transport, open_transport
from common.sealing import Sealer
from common.settings import Secret
from gateway.cli.up import CONFIG
from gateway.platform.options import Options
from gateway.platform.platform import running_platform
from gateway.platform.secrets import load_secrets
from gateway.platform.services import find_service
from subgraphs.identity.domain.keys import KeyPolicy
from subgraphs.identity.signing_keys import SigningKeys

ISSUER = "http://127.0.0.1:4000/identity"


@pytest.fixture
async def doors(
    servers: Mapping[str, str], database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[Mapping[str, Transport]]:
    """The router's endpoint and, past it, identity's own."""
    environment = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "NATS_URL": servers["NATS_URL"]}
    options = Options(
        address="127.0.0.1:4000",
        proxy="127.0.0.1:4001",
        directory=tmp_path,
        config=CONFIG,
        environment=environment,
    )
    services = {name: find_service(name) for name in ("identity", "ratelimit", "tenants")}
    async with running_platform(options, services, lambda _part, _state: None) as platform:
        apps = {"router": platform.app, **platform.host.apps}
        yield {name: open_transport(f"app://{name}/graphql", apps=apps) for name in ("router", "identity")}


@pytest.fixture
async def keys(
    doors: Mapping[str, Transport], database_url: str, tmp_path: Path
) -> AsyncIterator[SigningKeys]:
    """Identity's own keys, as another process of it has them, with a second between publishing and signing."""
    del doors
    database = Database.open(database_url, schema="identity")
    sealer = Sealer.from_setting(Secret(load_secrets(tmp_path)["HANSA_KEY_ENCRYPTION_KEY"]))
    yield SigningKeys(database, sealer, KeyPolicy(lead=timedelta(seconds=1)))
    await database.close()


@pytest.fixture
def sign(keys: SigningKeys) -> Callable[..., Awaitable[str]]:
    """Makes a token that counts, but for what is changed in its claims or header."""

    async def make(claims: Mapping[str, Any] | None = None, header: Mapping[str, Any] | None = None) -> str:
        kid, key = await keys.signer()
        now = int(time.time())
        good = {
            "iss": ISSUER,
            "aud": "hansa",
            "sub": "0199d3a0-0000-7000-8000-000000000001",
            "iat": now,
            "exp": now + 60,
        }
        head = {"typ": "at+jwt", "alg": "ES256", "kid": kid, **(header or {})}
        return jwt.encode(head, {**good, **(claims or {})}, key, algorithms=["ES256"])

    return make
