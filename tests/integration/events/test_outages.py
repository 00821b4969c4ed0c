"""Servers that are killed and connections that break delay events, and neither lose nor reorder them."""

import asyncio
import os
import random
import signal
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from common.embedded import NatsServer
from common.events import JetStreamLog, LogUnavailableError
from common.events.event import Message
from common.leases import Leases

TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'hansa kernel'
"""
COUNT = "SELECT count(*) FROM kernel.journal"
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


async def test_nats_is_killed_again_and_again(kernel: Any, nats_server: NatsServer) -> None:
    async with kernel.running():
        for start in range(0, 120, 40):
            await kernel.publish(*range(start, start + 40))
            assert nats_server.pid
            os.kill(nats_server.pid, signal.SIGKILL)
            while nats_server.pid:  # noqa: ASYNC110  a process sets no event
                await asyncio.sleep(0.01)
            await nats_server.start()
        assert await kernel.journal.wait_for(120) == list(range(120))


async def test_all_connections_to_the_database_break_now_and_then(
    kernel: Any, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr("common.events.consumer.RETRY_INTERVAL", 0.05)
    monkeypatch.setattr("common.events.relay.RETRY_INTERVAL", 0.05)
    await kernel.publish(*range(60))
    async with kernel.running():
        observer = await asyncpg.connect(database_url)
        async with asyncio.timeout(60):
            for count in (5, 20, 40, 60):
                while await observer.fetchval(COUNT) < count:  # noqa: ASYNC110  the consumer sets no event
                    await asyncio.sleep(0.02)
                await observer.execute(TERMINATE)
        rows = await observer.fetch("SELECT number FROM kernel.journal ORDER BY id")
        await observer.close()
    assert [row["number"] for row in rows] == list(range(60))


async def test_a_relay_whose_lease_was_taken_marks_nothing(
    kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(kernel.database)

    async def slow_publish(messages: Any) -> None:
        await publish(messages)
        await kernel.scalar("UPDATE lease SET expires_at = '-infinity' RETURNING 1")
        assert await leases.acquire("outbox", "rival", timedelta(minutes=1))

    publish = kernel.log.publish
    monkeypatch.setattr(kernel.log, "publish", slow_publish)
    await kernel.publish(1)
    async with kernel.running():
        assert await kernel.journal.wait_for(1) == [1]
        await asyncio.sleep(0.2)
        assert await kernel.scalar(UNPUBLISHED) == 1


async def test_a_log_that_cannot_be_reached_says_so_soon(kernel: Any, nats_server: NatsServer) -> None:
    await nats_server.stop()
    async with asyncio.timeout(5):
        with pytest.raises(LogUnavailableError, match="NATS cannot be reached"):
            await kernel.log.publish([])


async def test_a_fetch_that_is_cancelled_as_its_event_arrives_ends(nats_url: str) -> None:
    fetching, publishing = JetStreamLog.open(nats_url), JetStreamLog.open(nats_url)
    chance = random.Random(1)
    for number in range(300):
        fetch = asyncio.create_task(fetching.fetch("counter", ["kernel.thing.counted"], 1.0))
        await asyncio.sleep(0.001)
        publish = asyncio.create_task(
            publishing.publish([Message(id=uuid4(), subject="kernel.thing.counted", payload=b"", headers={})])
        )
        await asyncio.sleep(chance.uniform(0.0005, 0.0025))
        if fetch.cancel():
            await asyncio.wait([fetch])
            assert fetch.cancelled(), f"it went on in round {number}"
        await publish
        if fetch.done() and not fetch.cancelled():
            for delivery in fetch.result():
                await delivery.acknowledge()
    await fetching.close()
    await publishing.close()
