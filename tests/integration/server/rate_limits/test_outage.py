"""Valkey is killed and comes back while clients ask: none of them sees an error."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer
from gateway.server.config import parse_config

QUERY = {"query": "{products {name}}"}


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    (tmp_path / "valkey").mkdir()
    server = ValkeyServer(ServerFolder(tmp_path / "valkey", server_account()))
    yield server
    await server.stop()


async def test_operations_go_on_uncounted_and_are_counted_again(
    valkey: ValkeyServer, make_router: Any, client_of: Any
) -> None:
    url = await valkey.start()
    limit = "{name: all, key: [client_address], capacity: 1000000, interval: 1h}"
    config = parse_config(f"rate_limits: {{redis: {{urls: ['{url}']}}, limits: [{limit}]}}", {})
    statuses: list[int] = []
    counted = asyncio.Condition()
    is_counted = False

    async def ask(client: Any) -> None:
        nonlocal is_counted
        while True:
            answer = await client.post("/graphql", json=QUERY)
            statuses.append(answer.status_code)
            async with counted:
                is_counted = "ratelimit" in answer.headers
                counted.notify_all()

    async def until(*, is_so: bool) -> None:
        async with counted:
            await counted.wait_for(lambda: is_counted is is_so)

    async with client_of(make_router(config)) as client, asyncio.timeout(60):
        asking = [asyncio.create_task(ask(client)) for _ in range(4)]
        await until(is_so=True)
        assert valkey.pid is not None
        os.kill(valkey.pid, signal.SIGKILL)
        await until(is_so=False)
        await valkey.stop()
        await valkey.start()
        await until(is_so=True)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    assert set(statuses) == {200}
