"""A small service that the crash tests kill: it takes requests, publishes an event for each, and consumes it.

It says "acknowledged N" for each request that it has committed and ends when all events have been handled.
"""

import asyncio
import os
from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.events import Consumer, Event, JetStreamLog, OutboxRelay, consumer, jetstream, relay

REQUESTS = 4
POISON = 2

# a killed process is noticed sooner than in production
jetstream.ACK_WAIT = 0.5
relay.LEASE_TTL = timedelta(seconds=1)
consumer.BACKOFF = 0.01


class Requested(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "kernel.request.made"

    number: int

    @property
    def aggregate_id(self) -> str:
        return "requests"


class Request(Struct, frozen=True):
    number: int


async def request(database: Database, number: int) -> None:
    async with database.transaction() as transaction:

        async def effect() -> int:
            await transaction.execute("INSERT INTO effect (number) VALUES (:number)", {"number": number})
            await transaction.publish(Requested(number=number))
            return number

        body = Request(number)
        answer = await idempotency.once(
            transaction, scope="request", key=str(number), request=body, run=effect, result=int
        )
    print("acknowledged", answer, flush=True)  # noqa: T201  the test reads it


async def handle(transaction: Transaction, event: Requested) -> None:
    if event.number == POISON:
        raise LookupError("poison")
    await transaction.execute("INSERT INTO journal (number) VALUES (:number)", {"number": event.number})


async def handled(database: Database) -> int:
    async with database.transaction() as transaction:
        journal = "SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM parked)"
        return int((await transaction.execute(journal)).scalar_one())


async def main() -> None:
    database = Database.open(os.environ["DATABASE_URL"], schema="kernel")
    log = JetStreamLog.open(os.environ["NATS_URL"])
    work = [
        asyncio.create_task(OutboxRelay(database, log).run()),
        asyncio.create_task(Consumer(database, log, name="crashing", handlers={Requested: handle}).run()),
    ]
    for number in range(REQUESTS):
        await request(database, number)
    while await handled(database) < REQUESTS:  # noqa: ASYNC110  the consumer sets no event
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)  # what comes after the last effect is a place to die as well
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await log.close()
    await database.close()


asyncio.run(main())
