"""A part of the platform is a client of identity's, and so known to the services that it asks: no secret is theirs together."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from litestar import Litestar

from common.app import running
from subgraphs.tenants.app import service as tenants
from tests.integration.identity.conftest import Identity
from tests.integration.proxy.gateways import gateway

SECRET = "of the proxy's own"


@pytest.fixture
async def environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {**environment, "HANSA_PROXY_CLIENT_SECRET": SECRET}


@pytest.fixture
async def control_plane(identity: Identity, migrated_database: Callable[..., str]) -> AsyncIterator[Litestar]:
    """Tenants, which know identity's keys and no token of their own."""
    app = tenants.create_app({**identity.environment, "DATABASE_URL": migrated_database("tenants")})
    app.state.apps = {"identity": identity.app}
    async with running(app):
        yield app


async def is_heard(control_plane: Litestar, identity: Identity, directory: Path, secret: str) -> bool:
    """Whether a reverse proxy gets its configuration, as the client with that secret."""
    async with gateway(
        control_plane,  # type: ignore[arg-type]  # an app, as its own double is
        directory,
        apps={"identity": identity.app},
        HANSA_TENANTS_TOKEN="",
        HANSA_TOKEN_URL="app://identity/oauth/token",
        HANSA_PROXY_CLIENT_SECRET=secret,
    ) as proxy:
        doors = proxy.running.doors
        status = 0

        async def send(message: Mapping[str, object]) -> None:
            nonlocal status
            status = int(str(message.get("status", status)))

        async def receive() -> Mapping[str, object]:
            return {"type": "http.request"}

        scope = {"type": "http", "method": "GET", "path": "/health/ready", "headers": []}
        await doors(scope, receive, send)
    return status == 200


async def test_the_reverse_proxy_asks_the_control_plane_as_its_own_client(
    control_plane: Litestar, identity: Identity, tmp_path: Path
) -> None:
    assert await is_heard(control_plane, identity, tmp_path / "right", SECRET)


async def test_without_the_clients_secret_it_is_not_heard(
    control_plane: Litestar, identity: Identity, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not await is_heard(control_plane, identity, tmp_path / "wrong", "guessed")
    assert "client hansa-proxy gets no token: the issuer answered 401 invalid_client" in caplog.text
