"""Guarantees 7 to 9 of jobs' README: shares of classes and tenants, unique jobs, limits."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from common.jobs import Priority, Unique
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.domain.limits import Limit
from subgraphs.jobs.store import limits
from subgraphs.jobs.store.claiming import Succeeded
from subgraphs.jobs.worker.exchange import Taker, tell
from subgraphs.jobs.worker.hand import Told
from tests.integration.jobs import kinds


async def claims(desk: Any, count: int, size: int, worker: Any = None) -> list[list[Any]]:
    """The jobs of `count` claims of `size` each, which are done at once."""
    worker = worker or desk.worker()
    taken = []
    taker = Taker(worker.id, ("default",), list(kinds.jobs.kinds))
    for number in range(count):
        async with desk.database.transaction() as transaction:
            jobs = await taker.take(transaction, size, float(number))
            done = Told([Succeeded(job.id, job.attempt, None) for job in jobs], [], {})
            await tell(transaction, worker.id, done)
        taken.append(jobs)
    return taken


async def test_each_class_gets_its_share_while_all_wait(desk: Any) -> None:
    for priority in Priority:
        await desk.add(
            *(kinds.noop().with_options(priority=priority, tenant=priority.name) for _ in range(400))
        )
    taken = [job.tenant for claim in await claims(desk, 15, 30) for job in claim]
    shares = {name: count / len(taken) for name, count in Counter(taken).items()}
    for priority, weight in zip(Priority, (8, 4, 2, 1), strict=True):
        assert shares[priority.name] >= 0.9 * weight / 15


async def test_the_lowest_class_waits_no_longer_than_its_share_says(desk: Any) -> None:
    await desk.add(*(kinds.noop().with_options(priority=Priority.URGENT) for _ in range(300)))
    await desk.add(kinds.noop().with_options(priority=Priority.LOW, tenant="low"))
    taken = [job.tenant for claim in await claims(desk, 30, 1) for job in claim]
    assert "low" in taken[:9]


async def test_no_place_is_wasted_on_classes_without_jobs(desk: Any) -> None:
    await desk.add(*(kinds.noop().with_options(priority=Priority.LOW) for _ in range(100)))
    assert [len(claim) for claim in await claims(desk, 2, 50)] == [50, 50]


async def test_a_quiet_tenant_does_not_wait_behind_anothers_crowd(desk: Any) -> None:
    for _ in range(5):
        await desk.add(*(kinds.noop().with_options(tenant="crowd") for _ in range(1_000)))
    await claims(desk, 10, 100)
    for number in range(10):
        await desk.add(*(kinds.noop().with_options(tenant=f"quiet {number}") for _ in range(10)))
    taken = [job.tenant for claim in await claims(desk, 30, 10) for job in claim]
    quiet = [place for place, tenant in enumerate(taken) if tenant != "crowd"]
    assert len(quiet) == 100
    assert quiet[-1] < 11 * 10 + 10


async def test_a_tenant_gets_by_its_weight(desk: Any) -> None:
    await desk.services.queues.weigh("default", "heavy", 30)
    for tenant in ("heavy", "light"):
        await desk.add(*(kinds.noop().with_options(tenant=tenant) for _ in range(200)))
    taken = Counter(job.tenant for claim in await claims(desk, 10, 12) for job in claim)
    assert 85 <= taken["heavy"] <= 95


async def test_of_a_thousand_at_once_with_one_key_one_lives(desk: Any) -> None:
    connections = asyncio.Semaphore(10)  # who waits longer for one than a caller would is refused

    async def ask() -> Any:
        async with connections:
            return (await desk.add(kinds.once("whale")))[0]

    ids = await asyncio.gather(*(ask() for _ in range(1_000)))
    assert len(set(ids)) == 1
    assert await desk.scalar("SELECT count(*) FROM job") == 1


@pytest.mark.parametrize(
    ("unique", "let_in"),
    [
        (Unique.UNTIL_STARTED, [False, True, True, True]),
        (Unique.UNTIL_FINISHED, [False, False, True, True]),
        (Unique.UNTIL_SUCCEEDED, [False, False, False, True]),
        (Unique.WHILE_KEPT, [False, False, False, False]),
    ],
)
async def test_how_long_a_job_keeps_others_out(desk: Any, unique: Unique, let_in: list[bool]) -> None:
    first = kinds.noop().with_options(unique_key="k", unique=unique)
    found = []
    for state in ("ready", "running", "dead", "succeeded"):
        await desk.run("TRUNCATE job CASCADE")
        await desk.add(first)
        if state == "running":
            async with desk.database.transaction() as transaction:
                await Taker(desk.worker().id, ("default",), [first.kind]).take(transaction, 1, 0.0)
        elif state != "ready":
            await desk.run(
                "UPDATE job SET state = :state, finished_at = now()", state=JobState[state.upper()].value
            )
        second = kinds.noop().with_options(unique_key="k", unique=unique)
        (kept,) = await desk.add(second)
        found.append(kept == second.id)
    assert found == let_in


async def test_a_started_job_that_fails_runs_again_beside_the_one_that_took_its_key(desk: Any) -> None:
    options = {"unique_key": "k", "unique": Unique.UNTIL_STARTED}
    (first,) = await desk.add(kinds.fail(until=2).with_options(**options, delay=0.0))
    worker = desk.worker()
    async with desk.database.transaction() as transaction:
        await Taker(worker.id, ("default",), ["test.fail"]).take(transaction, 1, 0.0)
    (second,) = await desk.add(kinds.noop().with_options(**options))
    await desk.run("UPDATE worker SET beat_at = '-infinity'")
    async with desk.working():
        assert {job.state for job in await desk.ended(first, second)} == {JobState.SUCCEEDED}


async def test_dead_twins_do_not_both_come_back(desk: Any) -> None:
    for _ in range(2):
        await desk.add(kinds.noop().with_options(unique_key="k"))
        await desk.run("UPDATE job SET state = 6, finished_at = now() WHERE state = 3")
    assert await desk.services.jobs.retry() == 1
    assert await desk.services.jobs.retry() == 0


async def test_no_more_run_at_once_than_the_limit_says(desk: Any) -> None:
    await desk.services.limits.set_limit(Limit(key="quay", max_running=3, rate=None, burst=1))
    ids = await desk.add(*(kinds.briefly().with_options(limit_key="quay") for _ in range(40)))
    async with desk.working(desk.worker(), desk.worker()):
        await desk.ended(*ids)
    assert desk.log.most_running == 3


async def test_a_limit_holds_while_a_worker_dies(desk: Any) -> None:
    await desk.services.limits.set_limit(Limit(key="quay", max_running=2, rate=None, burst=1))
    ids = await desk.add(*(kinds.briefly().with_options(limit_key="quay") for _ in range(10)))
    async with desk.database.transaction() as transaction:
        taker = Taker(desk.worker().id, ("default",), ["test.briefly"])
        assert len(await taker.take(transaction, 10, 0.0)) == 2  # a worker that is gone, and told nobody
    async with desk.working():
        await desk.ended(*ids)
    assert desk.log.most_running <= 2


async def test_no_more_start_than_the_rate_says(desk: Any) -> None:
    await desk.services.limits.set_limit(Limit(key="quay", max_running=None, rate=20.0, burst=2))
    ids = await desk.add(*(kinds.noop().with_options(limit_key="quay") for _ in range(40)))
    async with desk.working():
        jobs = await desk.ended(*ids)
    started = sorted(job.started_at for job in jobs)
    seconds = (started[-1] - started[0]).total_seconds()
    assert (len(jobs) - 2) / seconds <= 20 * 1.05


async def test_a_key_without_a_limit_holds_nobody(desk: Any) -> None:
    (id_,) = await desk.add(kinds.noop().with_options(limit_key="unbounded"))
    assert (await desk.job(id_)).state is JobState.READY


async def test_many_admit_at_once_and_the_limit_holds(desk: Any) -> None:
    await desk.services.limits.set_limit(Limit(key="quay", max_running=5, rate=None, burst=1))
    await desk.add(*(kinds.noop().with_options(limit_key="quay") for _ in range(50)))

    async def admit() -> None:
        async with desk.database.transaction() as transaction:
            await limits.admit(transaction, ["quay"])

    await asyncio.gather(*(admit() for _ in range(20)))
    assert await desk.scalar("SELECT count(*) FROM job WHERE state = 3") == 5
