"""A control plane, an upstream that says what it has got, and a proxy between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.proxy.control import KEY, Control, configuration
from tests.integration.proxy.gateways import Gateway, gateway
from tests.integration.proxy.upstreams import Server, server


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
async def upstream() -> AsyncIterator[Server]:
    async with server() as running:
        yield running


@pytest.fixture
async def proxy(control: Control, upstream: Server, tmp_path: Path) -> AsyncIterator[Gateway]:
    """One route that is open and one that needs a key; ada has one."""
    control.set(configuration(upstream.url))
    control.issue(KEY, scopes=frozenset({"read"}))
    async with gateway(control, tmp_path) as running:
        yield running
