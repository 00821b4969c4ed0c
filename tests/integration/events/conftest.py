"""Events for the tests, and a journal that shows which of them had their effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from common.database import Database, Transaction
from common.events import Consumer, Event, JetStreamLog, OutboxRelay
from common.retention import Retention


class Counted(Event, frozen=True, kw_only=True):
    """The `number`-th thing that happened to `name`."""

    subject: ClassVar[str] = "kernel.thing.counted"
    aggregate: ClassVar[str] = "name"

    name: str
    number: int


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

    async def wait_for(self, count: int) -> list[int]:
        """All numbers once there are `count`."""
        async with asyncio.timeout(60):
            while len(numbers := await self.numbers()) < count:  # noqa: ASYNC110  another process writes them
                await asyncio.sleep(0.05)
        return numbers


class Kernel:
    """A service's kernel: it publishes `Counted` events and consumes them itself."""

    def __init__(self, database: Database, log: JetStreamLog) -> None:
        self.database = database
        self.log = log
        self.relay = OutboxRelay(database, log)
        self.journal = Journal(database)

    def consumer(
        self,
        name: str = "counter",
        *,
        handler: Any = None,
        log: JetStreamLog | None = None,
        telemetry: Any = None,
    ) -> Consumer:
        handlers = {Counted: handler or self.journal.note}
        return Consumer(self.database, log or self.log, name=name, handlers=handlers, telemetry=telemetry)

    def event(self, number: int) -> Counted:
        return Counted(name="thing", number=number)

    async def publish(self, *numbers: int) -> None:
        """Commit one transaction a number, each with one event."""
        for number in numbers:
            async with self.database.transaction() as transaction:
                await transaction.publish(self.event(number))

    async def scalar(self, query: str) -> Any:
        async with self.database.transaction() as transaction:
            return (await transaction.execute(query)).scalar_one()

    @asynccontextmanager
    async def running(self, *work: OutboxRelay | Consumer | Retention) -> AsyncIterator[None]:
        """Run what never ends by itself for the length of the block; the relay and a consumer if none is named."""
        tasks = [asyncio.create_task(each.run()) for each in work or (self.relay, self.consumer())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def kernel(kernel_database: Database, nats_url: str) -> AsyncIterator[Kernel]:
    async with kernel_database.transaction() as transaction:
        await transaction.execute("CREATE TABLE journal (id bigserial PRIMARY KEY, number int NOT NULL)")
    log = JetStreamLog.open(nats_url)
    yield Kernel(kernel_database, log)
    await log.close()
