"""Events for the tests, and a journal that shows which of them had their effect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar

import pytest

from common.database import Database, Transaction
from common.events import Event, JetStreamLog, OutboxRelay
from common.leases import Leases


class Counted(Event, frozen=True, kw_only=True):
    """The `number`-th thing that happened to `name`."""

    subject: ClassVar[str] = "kernel.thing.counted"

    name: str
    number: int

    @property
    def aggregate_id(self) -> str:
        return self.name


class Journal:
    """Keeps each event that was handled, in the order of handling, in the database of the consumer."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def note(self, transaction: Transaction, event: Counted) -> None:
        await transaction.execute("INSERT INTO journal (number) VALUES (:number)", {"number": event.number})

    async def numbers(self) -> list[int]:
        async with self.database.transaction() as transaction:
            rows = await transaction.execute("SELECT number FROM journal ORDER BY id")
            return [row.number for row in rows]

    async def wait_for(self, count: int, timeout: float = 20) -> list[int]:
        """All numbers once there are `count`."""
        async with asyncio.timeout(timeout):
            while len(numbers := await self.numbers()) < count:  # noqa: ASYNC110  another process writes them
                await asyncio.sleep(0.05)
        return numbers


Running = Callable[..., AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def running() -> Running:
    """Runs what never ends by itself, for the length of a block."""
    return _running


@pytest.fixture
def counted() -> type[Counted]:
    return Counted


@pytest.fixture
async def journal(kernel_database: Database) -> Journal:
    async with kernel_database.transaction() as transaction:
        await transaction.execute("CREATE TABLE journal (id bigserial PRIMARY KEY, number int NOT NULL)")
    return Journal(kernel_database)


@pytest.fixture
async def log(nats_url: str) -> AsyncIterator[JetStreamLog]:
    log = JetStreamLog.open(nats_url)
    yield log
    await log.close()


@pytest.fixture
def relay(kernel_database: Database, log: JetStreamLog) -> OutboxRelay:
    return OutboxRelay(kernel_database, log, Leases(kernel_database))


@pytest.fixture
def publish(kernel_database: Database) -> Callable[..., Awaitable[None]]:
    """Commits one transaction a number, each with one event."""

    async def publish(*numbers: int, name: str = "thing") -> None:
        for number in numbers:
            async with kernel_database.transaction() as transaction:
                await transaction.publish(Counted(name=name, number=number))

    return publish
