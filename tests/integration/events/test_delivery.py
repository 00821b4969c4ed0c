"""An event that was committed is applied once, in order, whatever happens to the servers on its way."""

import asyncio
import logging
import time
from typing import Any, ClassVar
from uuid import uuid4

import nats
import pytest

from common.database import DatabaseUnavailableError, RetryableError, Transaction
from common.embedded import NatsServer
from common.events import JetStreamLog, Message, OutboxRelay
from common.telemetry import Telemetry, TraceContext, current_trace, trace_id

UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


async def test_events_arrive_in_the_order_of_their_commits(kernel: Any) -> None:
    async with kernel.running():
        await kernel.publish(*range(30))
        assert await kernel.journal.wait_for(30) == list(range(30))


async def test_events_that_are_told_together_arrive_in_their_order(kernel: Any) -> None:
    async with kernel.running():
        async with kernel.database.transaction() as transaction:
            await transaction.publish()
            await transaction.publish(*map(kernel.event, range(30)))
        assert await kernel.journal.wait_for(30) == list(range(30))


async def test_an_event_is_on_its_way_at_once(kernel: Any) -> None:
    async with kernel.running():
        await kernel.publish(0)
        await kernel.journal.wait_for(1)
        taken = []
        for number in range(1, 6):
            started = time.monotonic()
            await kernel.publish(number)
            await kernel.journal.wait_for(number + 1)
            taken.append(time.monotonic() - started)
    assert min(taken) < 0.5


async def test_what_is_rolled_back_is_not_told(kernel: Any) -> None:
    async def fail() -> None:
        async with kernel.database.transaction() as transaction:
            await transaction.publish(kernel.event(1))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await kernel.publish(2)
    async with kernel.running():
        assert await kernel.journal.wait_for(1) == [2]


async def test_writes_go_on_without_nats_and_events_flow_when_it_is_back(
    kernel: Any, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with kernel.running():
        await kernel.publish(1, 2)
        await kernel.journal.wait_for(2)
        await nats_server.stop()
        await kernel.publish(3, 4)
        await asyncio.sleep(1)
        assert await kernel.journal.numbers() == [1, 2]
        await nats_server.start()
        assert await kernel.journal.wait_for(4) == [1, 2, 3, 4]
    assert any("outbox of kernel waits" in record.message for record in caplog.records)


async def test_a_message_that_comes_again_has_no_second_effect(kernel: Any) -> None:
    async with kernel.running():
        await kernel.publish(1)
        await kernel.journal.wait_for(1)
    async with kernel.database.transaction() as transaction:
        await transaction.execute("UPDATE outbox SET published_at = NULL, message_id = message_id")
        await transaction.execute(
            "INSERT INTO outbox (subject, aggregate_id, payload, headers, message_id)"
            " SELECT subject, aggregate_id, payload, headers, message_id FROM outbox"
        )
    async with kernel.running():
        await kernel.publish(2)
        await kernel.journal.wait_for(2)
        await asyncio.sleep(0.5)
        assert await kernel.journal.numbers() == [1, 2]


async def test_each_consumer_has_every_event(kernel: Any) -> None:
    async with kernel.running(kernel.relay, kernel.consumer("a"), kernel.consumer("b")):
        await kernel.publish(1, 2)
        assert sorted(await kernel.journal.wait_for(4)) == [1, 1, 2, 2]


async def test_processes_of_one_consumer_share_its_events_in_order(kernel: Any, nats_url: str) -> None:
    other = JetStreamLog.open(nats_url)
    async with kernel.running(kernel.relay, kernel.consumer(), kernel.consumer(log=other)):
        await kernel.publish(*range(20))
        assert await kernel.journal.wait_for(20) == list(range(20))
    await other.close()


async def test_an_event_that_cannot_be_handled_is_parked_and_the_next_go_on(
    kernel: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.events.consumer.BACKOFF", 0.01)
    attempts = 0

    async def note_even(transaction: Transaction, event: Any) -> None:
        nonlocal attempts
        if event.number % 2:
            attempts += 1
            raise LookupError(f"odd: {event.number}")
        await kernel.journal.note(transaction, event)

    async with kernel.running(kernel.relay, kernel.consumer(handler=note_even)):
        await kernel.publish(0, 1, 2)
        assert await kernel.journal.wait_for(2) == [0, 2]
    async with kernel.database.transaction() as transaction:
        parked = (await transaction.execute("SELECT * FROM parked")).one()
    assert attempts == 5
    assert parked.error == "LookupError('odd: 1')"
    assert parked.payload == b'{"name": "thing", "number": 1}'
    assert [record for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("error", [RetryableError("conflict"), DatabaseUnavailableError("away")])
async def test_a_refusing_database_is_waited_for_and_parks_nothing(
    kernel: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("common.events.consumer.RETRY_INTERVAL", 0.01)
    refusals = iter([error] * 12)

    async def refuse_first(transaction: Transaction, event: Any) -> None:
        if refusal := next(refusals, None):
            raise refusal
        await kernel.journal.note(transaction, event)

    async with kernel.running(kernel.relay, kernel.consumer(handler=refuse_first)):
        await kernel.publish(1)
        assert await kernel.journal.wait_for(1) == [1]


async def test_one_relay_works_and_another_takes_over(kernel: Any) -> None:
    second = OutboxRelay(kernel.database, kernel.log)
    async with kernel.running(second, kernel.consumer()):
        async with kernel.running(kernel.relay):
            await kernel.publish(*range(5))
            await kernel.journal.wait_for(5)
        await kernel.publish(*range(5, 10))
        assert await kernel.journal.wait_for(10) == list(range(10))


async def test_the_publishers_trace_goes_on_in_the_handler(kernel: Any) -> None:
    traces = []

    async def note_trace(transaction: Transaction, event: Any) -> None:
        traces.append(trace_id())
        await kernel.journal.note(transaction, event)

    published = TraceContext.start()
    token = current_trace.set(published)
    await kernel.publish(1)
    current_trace.reset(token)
    consumer = kernel.consumer(handler=note_trace, telemetry=Telemetry("kernel", {}))
    async with kernel.running(kernel.relay, consumer):
        await kernel.journal.wait_for(1)
    assert traces == [published.trace_id]


async def test_a_message_that_ends_every_process_is_parked_untried(kernel: Any) -> None:
    class Delivery:
        message = Message(id=uuid4(), subject="kernel.thing.counted", payload=b"{}", headers={})
        attempt = 16
        answers: ClassVar[list[str]] = []

        async def acknowledge(self) -> None:
            self.answers.append("acknowledged")

    await kernel.consumer()._take(Delivery())
    assert Delivery.answers == ["acknowledged"]
    assert "AbandonedError" in await kernel.scalar("SELECT error FROM parked")


async def test_a_message_that_no_relay_published_is_taken_like_others(kernel: Any, nats_url: str) -> None:
    async with kernel.running():
        await kernel.publish(1)
        await kernel.journal.wait_for(1)
        stranger = await nats.connect(nats_url)
        await stranger.jetstream().publish("kernel.thing.counted", b'{"name": "thing", "number": 2}')
        await stranger.close()
        assert await kernel.journal.wait_for(2) == [1, 2]


async def test_an_unforeseen_failure_is_logged_and_does_not_end_the_work(
    kernel: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with kernel.database.transaction() as transaction:
        await transaction.execute("ALTER TABLE lease RENAME TO mislaid")
    async with kernel.running():
        await kernel.publish(1)
        await asyncio.sleep(0.5)
        async with kernel.database.transaction() as transaction:
            await transaction.execute("ALTER TABLE mislaid RENAME TO lease")
        assert await kernel.journal.wait_for(1) == [1]
    assert any("tries again" in record.message for record in caplog.records)
