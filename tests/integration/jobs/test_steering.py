"""Guarantees 4, 10, 11 and 13 of jobs' README: cancelling, pausing, draining, workflows, recurrence."""

import asyncio
from datetime import timedelta
from typing import Any

from common.jobs import Workflow
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.domain.recurring import CatchUp
from subgraphs.jobs.service.recurring import run_recurring
from subgraphs.jobs.store import retention
from subgraphs.jobs.worker.exchange import Taker
from tests.integration.jobs import kinds


async def test_a_job_that_waits_is_cancelled_at_once(desk: Any) -> None:
    (id_,) = await desk.add(kinds.write("never"))
    assert await desk.services.jobs.cancel(id_)
    assert not await desk.services.jobs.cancel(id_)
    async with desk.working():
        await asyncio.sleep(0.5)
    assert desk.log.lines == []
    assert (await desk.job(id_)).state is JobState.CANCELLED


async def test_jobs_that_run_are_told_to_end(desk: Any) -> None:
    ids = await desk.add(kinds.wait_at_gate(), kinds.wait_in_thread())
    async with desk.working():
        await desk.until([JobState.RUNNING], *ids)
        for id_ in ids:
            assert await desk.services.jobs.cancel(id_)
        jobs = await desk.ended(*ids)
    assert {job.state for job in jobs} == {JobState.CANCELLED}


async def test_a_paused_queue_gives_nothing_until_it_is_resumed(desk: Any) -> None:
    await desk.services.queues.pause("default", is_paused=True)
    (id_,) = await desk.add(kinds.noop())
    async with desk.working():
        await asyncio.sleep(0.7)
        assert (await desk.job(id_)).state is JobState.READY
        await desk.services.queues.pause("default", is_paused=False)
        await desk.ended(id_)


async def test_a_worker_takes_only_what_it_knows(desk: Any) -> None:
    strange, known = await desk.add(kinds.noop().with_options(), kinds.write("x"))
    await desk.run("UPDATE job SET kind = 'other.kind' WHERE id = :id", id=strange)
    async with desk.working():
        await desk.ended(known)
        await asyncio.sleep(0.3)
    assert (await desk.job(strange)).state is JobState.READY


async def test_draining_lets_jobs_end_and_gives_back_what_has_not_begun(desk: Any) -> None:
    ids = await desk.add(*(kinds.wait_at_gate(f"{number}") for number in range(8)))
    async with desk.working(concurrency=2, leads=False):
        await desk.until_lines(2)
        asyncio.get_running_loop().call_later(0.3, desk.log.gate.set)
    jobs = [await desk.job(id_) for id_ in ids]
    assert sorted(job.state for job in jobs) == [JobState.READY] * 6 + [JobState.SUCCEEDED] * 2
    assert [job.attempt for job in jobs if job.state is JobState.READY] == [0] * 6
    assert await desk.scalar("SELECT count(*) FROM worker") == 0


async def test_draining_ends_what_does_not_end_itself_at_no_attempts_cost(desk: Any) -> None:
    ids = await desk.add(kinds.wait_at_gate(), kinds.wait_in_thread())
    async with desk.working(grace=0.2, leads=False):
        await desk.until([JobState.RUNNING], *ids)
        await desk.until_lines(2)
    assert [((job := await desk.job(id_)).state, job.attempt) for id_ in ids] == [(JobState.READY, 0)] * 2


async def test_steps_run_after_those_that_they_wait_for(desk: Any) -> None:
    workflow = Workflow()
    workflow.add("a", kinds.write("a"))
    workflow.add("b", kinds.write("b"))
    workflow.add("c", kinds.write("c"), after=("a", "b"))
    workflow.add("d", kinds.write("d"), after=("c", "a"))
    ids = await desk.add(*workflow)
    async with desk.working(desk.worker(), desk.worker()):
        jobs = await desk.ended(*ids)
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * 4
    assert sorted(desk.log.lines[:2]) == ["a", "b"]
    assert desk.log.lines[2:] == ["c", "d"]


async def test_a_dead_step_holds_the_others_until_it_is_tried_again(desk: Any) -> None:
    workflow = Workflow()
    workflow.add("first", kinds.end_by("discard"))
    workflow.add("second", kinds.noop(), after=("first",))
    first, second = await desk.add(*workflow)
    async with desk.working():
        await desk.ended(first)
        assert (await desk.job(second)).state is JobState.WAITING
        assert await desk.services.jobs.retry() == 1
        jobs = await desk.ended(first, second)
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * 2


async def test_what_waits_for_a_cancelled_step_is_cancelled(desk: Any) -> None:
    workflow = Workflow()
    workflow.add("a", kinds.end_by("cancel"))
    workflow.add("b", kinds.noop(), after=("a",))
    workflow.add("c", kinds.noop(), after=("b",))
    ids = await desk.add(*workflow)
    async with desk.working():
        jobs = await desk.ended(*ids)
    assert [job.state for job in jobs] == [JobState.CANCELLED] * 3


async def test_what_waits_for_a_job_whose_worker_died_while_it_was_to_be_cancelled_is_cancelled(
    desk: Any,
) -> None:
    workflow = Workflow()
    workflow.add("a", kinds.noop())
    workflow.add("b", kinds.noop(), after=("a",))
    first, second = await desk.add(*workflow)
    async with desk.database.transaction() as transaction:
        await Taker(desk.worker().id, ("default",), ["test.noop"]).take(transaction, 1, 0.0)
    assert await desk.services.jobs.cancel(first)
    async with desk.working():
        jobs = await desk.ended(first, second)
    assert [job.state for job in jobs] == [JobState.CANCELLED] * 2


async def recur(desk: Any, catch_up: CatchUp, missed: timedelta) -> None:
    await desk.services.recurring.recur(
        "bell", cron="* * * * *", timezone="UTC", catch_up=catch_up, request=kinds.noop()
    )
    await desk.run(
        "UPDATE recurring SET next_at = date_trunc('minute', now()) - CAST(:missed AS interval)",
        missed=missed,
    )


async def lead(desk: Any) -> None:
    async with desk.database.transaction() as transaction:
        await run_recurring(transaction)


async def test_two_leaders_ask_for_each_tick_once(desk: Any) -> None:
    await recur(desk, CatchUp.ALL, timedelta(minutes=5))
    await asyncio.gather(*(lead(desk) for _ in range(8)))
    await desk.run(
        "UPDATE recurring SET next_at = date_trunc('minute', now()) - interval '5 min'"
    )  # an old leader's view
    await asyncio.gather(*(lead(desk) for _ in range(8)))
    keys = "SELECT count(*) FROM job WHERE kind = 'test.noop'"
    assert 6 <= await desk.scalar(keys) <= 7  # the clock may have passed a minute meanwhile
    assert await desk.scalar("SELECT count(DISTINCT unique_key) FROM job") == await desk.scalar(keys)


async def test_missed_ticks_are_made_up_for_as_asked(desk: Any) -> None:
    for catch_up, most in ((CatchUp.SKIP, 1), (CatchUp.LAST, 1), (CatchUp.ALL, 61)):
        await desk.run("TRUNCATE job CASCADE")
        await recur(desk, catch_up, timedelta(hours=1))
        await lead(desk)
        assert await desk.scalar("SELECT count(*) FROM job") in {most, most + (catch_up is CatchUp.ALL)}
        assert await desk.scalar("SELECT next_at > now() FROM recurring")


async def test_what_has_ended_long_ago_is_forgotten(desk: Any) -> None:
    ids = await desk.add(*(kinds.noop() for _ in range(4)))
    for id_, state, days in zip(ids, (5, 5, 6, 6), (6, 8, 8, 31), strict=True):
        await desk.run(
            "UPDATE job SET state = :state, finished_at = now() - CAST(:age AS interval) WHERE id = :id",
            state=state,
            age=timedelta(days=days),
            id=id_,
        )
    await desk.run(retention.JOBS, limit=10)
    assert set(await desk.services.jobs.find_jobs(ids)) == {ids[0], ids[2]}


async def test_shares_go_when_their_class_has_been_served_beyond_them(desk: Any) -> None:
    await desk.run("INSERT INTO lane (queue, class, served) VALUES ('default', 2, 100)")
    await desk.run(
        """
        INSERT INTO share (queue, class, tenant, finish, charge)
        VALUES ('default', 2, 'behind', 99, 1), ('default', 2, 'ahead', 100, 1), ('other', 2, 'alone', 1, 1)
        """
    )
    await desk.run(retention.SHARES, limit=10)
    assert await desk.scalar("SELECT array_agg(tenant ORDER BY tenant) FROM share") == ["ahead", "alone"]


async def test_a_dead_job_is_kept_while_others_wait_for_it_and_a_cancelled_one_is_not(desk: Any) -> None:
    kept, lost = Workflow(), Workflow()
    for workflow in (kept, lost):
        workflow.add("a", kinds.noop())
        workflow.add("b", kinds.noop(), after=("a",))
    dead, _, cancelled, cancelled_too = await desk.add(*kept, *lost)
    assert await desk.services.jobs.cancel(cancelled)
    await desk.run("UPDATE job SET state = 6, finished_at = now() WHERE id = :id", id=dead)
    await desk.run("UPDATE job SET finished_at = now() - interval '31 days' WHERE state >= 5")
    await desk.run(retention.JOBS, limit=10)
    assert (
        not {cancelled, cancelled_too}
        & (await desk.services.jobs.find_jobs([dead, cancelled, cancelled_too])).keys()
    )
