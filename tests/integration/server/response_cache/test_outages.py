"""A Valkey that is down, hangs or starts again means answers that are not cached, and never an error or an old answer."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer
from tests.integration.server.response_cache.conftest import Cached, MakeCached, patient

PRODUCTS = "{products(first: 3) {id stock}}"
EXPECTED = {"products": [{"id": str(n), "stock": n * 10} for n in (1, 2, 3)]}


class OwnValkey:
    """A server of the test's own, whose data outlives its process."""

    def __init__(self, folder: Path) -> None:
        self._server = ValkeyServer(ServerFolder(folder, server_account()))
        self.url = ""

    async def start(self) -> None:
        self.url = await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def send(self, number: signal.Signals) -> None:
        assert self._server.pid is not None
        os.kill(self._server.pid, number)

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self._server.stop()


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[OwnValkey]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = OwnValkey(folder)
    await server.start()
    yield server
    await server.stop()


def make(make_cached: MakeCached, redis: str) -> Cached:
    caching = f"{{all: {{redis: {redis}, invalidation: {{enabled: true, shared_key: key}}}}}}"
    return make_cached(config=f"response_cache: {{enabled: true, subgraph: {caching}}}")


async def invalidate(cached: Cached) -> int:
    answer = await cached.client.post(
        "/invalidation", json=[{"kind": "subgraph", "subgraph": "stock"}], headers={"authorization": "key"}
    )
    return answer.status_code


async def until(cached: Cached, *, is_cached: bool) -> None:
    """Asks until the stock is, or is not, answered from the cache."""
    async with asyncio.timeout(30):
        while True:
            before = len(cached.stock.requests)
            assert (await cached.ask(PRODUCTS))["data"] == EXPECTED
            if (len(cached.stock.requests) == before) is is_cached:
                return
            await asyncio.sleep(0.05)


async def test_killed_and_started_again_under_load_no_client_sees_an_error(
    make_cached: MakeCached, valkey: OwnValkey
) -> None:
    cached = make(make_cached, patient(valkey.url))
    await until(cached, is_cached=True)
    stopping, answers = asyncio.Event(), 0

    async def load() -> None:
        nonlocal answers
        while not stopping.is_set():
            assert await cached.ask(PRODUCTS) == {"data": EXPECTED}
            answers += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(load())
        for _ in range(2):
            await asyncio.sleep(0.3)
            await valkey.kill()
            await until(cached, is_cached=False)
            await valkey.start()
            await until(cached, is_cached=True)
        stopping.set()
    assert answers > 0


async def test_what_was_kept_before_a_start_is_not_read_after_it(
    make_cached: MakeCached, valkey: OwnValkey
) -> None:
    """Its last invalidations may be lost: an append-only file is written once a second."""
    cached = make(make_cached, patient(valkey.url))
    await until(cached, is_cached=True)
    await valkey.stop()
    await valkey.start()
    other = make(make_cached, patient(valkey.url))
    await other.ask(PRODUCTS)
    assert len(other.stock.requests) == 1
    await until(cached, is_cached=True)


async def test_a_server_that_hangs_is_waited_for_once_and_then_left_alone(
    make_cached: MakeCached, valkey: OwnValkey
) -> None:
    cached = make(make_cached, f"{{urls: ['{valkey.url}'], fetch_timeout: 300ms}}")
    await until(cached, is_cached=True)
    valkey.send(signal.SIGSTOP)
    try:
        await cached.ask(PRODUCTS)
        started = time.monotonic()
        for _ in range(3):
            assert await cached.ask(PRODUCTS) == {"data": EXPECTED}
        spent = time.monotonic() - started
        assert len(cached.stock.requests) == 5
        assert spent < 3 * 2 * 0.3, "each request would have waited for both of its lookups"
        assert await invalidate(cached) == 503
    finally:
        valkey.send(signal.SIGCONT)
    await until(cached, is_cached=True)


async def test_an_invalidation_works_at_once_after_a_start(
    make_cached: MakeCached, valkey: OwnValkey
) -> None:
    cached = make(make_cached, patient(valkey.url))
    await until(cached, is_cached=True)
    await valkey.kill()
    assert await invalidate(cached) == 503
    await valkey.start()
    assert await invalidate(cached) == 202
