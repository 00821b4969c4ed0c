"""What a service does unasked goes on, whatever becomes of a part of it, and ends with the service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.database import RetryableError
from common.events import background_work
from tests.integration.events.conftest import Counted


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.events.background.INTERVAL", 0.01)
    monkeypatch.setattr("common.events.background.RESTART_DELAY", 0.01)


def failing(*errors: Exception) -> tuple[Callable[[], Awaitable[None]], asyncio.Event]:
    """Work that fails by each error in turn and then sets the event."""
    left, done = list(errors), asyncio.Event()

    async def work() -> None:
        if left:
            raise left.pop(0)
        done.set()

    return work, done


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_events_are_relayed_and_applied(kernel: Any) -> None:
    async with background_work(kernel.database, kernel.log, handlers={Counted: kernel.journal.note}):
        await kernel.publish(1, 2)
        assert await kernel.journal.wait_for(2) == [1, 2]
    assert await kernel.scalar("SELECT DISTINCT consumer FROM inbox") == "kernel"


async def test_a_defect_in_one_piece_of_work_is_logged_and_leaves_the_others(
    kernel: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broken, recovered = failing(LookupError("a defect"))
    async with background_work(
        kernel.database, kernel.log, handlers={Counted: kernel.journal.note}, schedules=[broken]
    ):
        await asyncio.wait_for(recovered.wait(), 10)
        await kernel.publish(1)
        assert await kernel.journal.wait_for(1) == [1]
    assert errors(caplog) == ["work of kernel failed and starts again"]


async def test_a_database_that_refuses_is_no_defect(kernel: Any, caplog: pytest.LogCaptureFixture) -> None:
    refused, done = failing(RetryableError("a deadlock"), RetryableError("another"))
    async with background_work(kernel.database, kernel.log, handlers={}, schedules=[refused]):
        await asyncio.wait_for(done.wait(), 10)
    assert errors(caplog) == []


async def test_nothing_is_left_running_after_the_end(kernel: Any) -> None:
    before = asyncio.all_tasks()
    async with background_work(kernel.database, kernel.log, handlers={}, schedules=[failing()[0]]):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
