"""Live values over real PostgreSQL and NATS: two processes of a service, played by two databases and their `Live`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from common import live
from common.database import Database, DatabaseUnavailableError
from common.embedded import NatsServer
from common.live import Live


@dataclass
class Process:
    database: Database
    live: Live

    async def put(self, value: int, *, fails: bool = False) -> None:
        async with self.database.transaction() as transaction:
            await transaction.execute("UPDATE thing SET value = :value", {"value": value})
            transaction.changed("thing", "a")
            if fails:
                raise ZeroDivisionError

    async def read(self) -> int:
        async with self.database.transaction() as transaction:
            return int((await transaction.execute(text("SELECT value FROM thing"))).scalar_one())


Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def start(kernel_database: Database, database_url: str, nats_url: str) -> AsyncIterator[Start]:
    """Starts a process of the service whose data is one number."""
    async with kernel_database.transaction() as transaction:
        await transaction.execute("CREATE TABLE thing AS SELECT 0 AS value")
    async with AsyncExitStack() as started:

        async def one() -> Process:
            database = Database.open(database_url, schema="kernel")
            started.push_async_callback(database.close)
            process = Process(database, Live(nats_url, "kernel"))
            process.live.listen_to(database)
            await started.enter_async_context(process.live.running())
            return process

        yield one


async def test_a_value_is_shown_and_shown_again_when_another_process_changes_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "INTERVAL", 60)
    one, other = await start(), await start()
    async with asyncio.timeout(20), aclosing(one.live.watch("thing", ["a"], one.read)) as values:
        assert await anext(values) == 0
        await other.put(1)
        assert await anext(values) == 1
        await one.put(2)
        assert await anext(values) == 2


async def test_what_did_not_change_or_was_rolled_back_is_not_shown_again(start: Start) -> None:
    one = await start()
    async with asyncio.timeout(20), aclosing(one.live.watch("thing", ["a"], one.read)) as values:
        assert await anext(values) == 0
        await one.put(0)
        with pytest.raises(ZeroDivisionError):
            await one.put(1, fails=True)
        await asyncio.sleep(2 * live.SETTLING)
        await one.put(2)
        assert await anext(values) == 2


async def test_a_burst_of_changes_is_read_a_few_times(start: Start) -> None:
    one, reads = await start(), 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        return await one.read()

    async with asyncio.timeout(60), aclosing(one.live.watch("thing", ["a"], read)) as values:
        assert await anext(values) == 0
        changing = asyncio.create_task(_put_many(one, 50))
        while await anext(values) != 50:
            pass
        await changing
    assert reads < 50


async def _put_many(process: Process, last: int) -> None:
    for value in range(1, last + 1):
        await process.put(value)


async def test_without_nats_a_change_is_seen_later(
    start: Start, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await start(), await start()
    async with asyncio.timeout(60), aclosing(one.live.watch("thing", ["a"], one.read)) as values:
        assert await anext(values) == 0
        await nats_server.stop()
        monkeypatch.setattr(live, "INTERVAL", 0.1)
        await other.put(1)
        assert await anext(values) == 1
        monkeypatch.setattr(live, "INTERVAL", 60)
        await nats_server.start()
        await other.put(2)
        assert await anext(values) == 2


async def test_while_the_database_is_away_the_last_value_stands(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "INTERVAL", 0.05)
    one, failures = await start(), 0

    async def read() -> int:
        nonlocal failures
        if 0 < failures <= 2:
            failures += 1
            raise DatabaseUnavailableError("away")
        return await one.read()

    async with asyncio.timeout(20), aclosing(one.live.watch("thing", ["a"], read)) as values:
        assert await anext(values) == 0
        failures = 1
        await one.put(1)
        assert await anext(values) == 1
    assert failures == 3


async def test_a_first_reading_that_fails_is_an_error(start: Start) -> None:
    one = await start()

    async def read() -> int:
        raise DatabaseUnavailableError("away")

    async with aclosing(one.live.watch("thing", ["a"], read)) as values:
        with pytest.raises(DatabaseUnavailableError):
            await anext(values)
