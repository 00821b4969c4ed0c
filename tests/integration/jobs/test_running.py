"""Guarantees 1, 5 and 6 of jobs' README: what is asked for runs, and ends as its function says."""

import asyncio
from typing import Any

import pytest

from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.service.adding import add_jobs
from tests.integration.jobs import kinds


async def test_a_job_runs_with_its_arguments_and_its_result_is_kept(desk: Any) -> None:
    ids = await desk.add(kinds.write("ahoy", times=2), kinds.add([1, 2, 3]))
    async with desk.working():
        written, added = await desk.ended(*ids)
    assert desk.log.lines == ["ahoy", "ahoy"]
    assert (written.state, written.result, written.attempt, written.worker_id) == (
        JobState.SUCCEEDED,
        "4",
        1,
        None,
    )
    assert added.result == '{"total":6,"thread":true}'


async def fail_after_asking(desk: Any) -> None:
    async with desk.database.transaction() as transaction:
        await add_jobs(transaction, [kinds.noop()])
        raise ZeroDivisionError


async def test_a_transaction_that_rolls_back_has_asked_for_nothing(desk: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        await fail_after_asking(desk)
    assert await desk.scalar("SELECT count(*) FROM job") == 0


async def test_many_jobs_run_once_each(desk: Any) -> None:
    ids = await desk.add(*(kinds.write(f"{number}") for number in range(1_000)))
    async with desk.working(desk.worker(concurrency=50), desk.worker(concurrency=50)):
        await desk.ended(*ids)
    assert sorted(desk.log.lines, key=int) == [str(number) for number in range(1_000)]


async def test_jobs_are_found_though_nobody_tells_of_them(desk: Any) -> None:
    async with desk.working(leads=False):  # nothing ever wakes this worker
        for _ in range(3):
            (id_,) = await desk.add(kinds.noop())
            await desk.ended(id_)


async def test_a_failure_is_tried_again_until_it_is_dead(desk: Any) -> None:
    (hopeless, hopeful) = await desk.add(kinds.fail(), kinds.fail(until=3))
    async with desk.working():
        dead, found = await desk.ended(hopeless, hopeful)
    assert (dead.state, dead.attempt, dead.error) == (JobState.DEAD, 3, "LookupError: no such whale")
    assert (found.state, found.attempt, found.result) == (JobState.SUCCEEDED, 3, '"found"')


@pytest.mark.parametrize(
    ("how", "state", "attempt", "runs"),
    [
        ("snooze", JobState.SUCCEEDED, 1, 2),
        ("cancel", JobState.CANCELLED, 1, 1),
        ("discard", JobState.DEAD, 1, 1),
        ("retry", JobState.SUCCEEDED, 2, 2),
    ],
)
async def test_a_function_says_how_its_job_ends(
    desk: Any, how: str, state: JobState, attempt: int, runs: int
) -> None:
    (id_,) = await desk.add(kinds.end_by(how))
    async with desk.working():
        (job,) = await desk.ended(id_)
    assert (job.state, job.attempt, len(desk.log.lines)) == (state, attempt, runs)


async def test_an_error_that_postgresql_cannot_store_is_stored_without_that(desk: Any) -> None:
    (id_,) = await desk.add(kinds.end_by("unencodable").with_options(max_attempts=1))
    async with desk.working():
        (job,) = await desk.ended(id_)
    assert job.error == "ValueError: "


async def test_what_takes_too_long_is_ended(desk: Any) -> None:
    ids = await desk.add(kinds.sleep_long(), kinds.sleep_in_thread())
    async with desk.working():
        jobs = await desk.ended(*ids)
    assert {job.state for job in jobs} == {JobState.DEAD}
    assert all(job.error.startswith("TimeoutError") for job in jobs)
    assert desk.log.lines == ["asleep", "asleep"]


async def test_a_result_that_is_too_long_is_a_failure(desk: Any) -> None:
    (id_,) = await desk.add(kinds.boast(70_000).with_options(max_attempts=1))
    async with desk.working():
        (job,) = await desk.ended(id_)
    assert (job.state, job.result) == (JobState.DEAD, None)


async def test_progress_is_seen_while_a_job_runs(desk: Any) -> None:
    (id_,) = await desk.add(kinds.wait_at_gate())
    async with desk.working():
        async with asyncio.timeout(20):
            while (job := await desk.job(id_)).progress is None:  # noqa: ASYNC110 - it watches a database
                await asyncio.sleep(0.05)
        desk.log.gate.set()
        (done,) = await desk.ended(id_)
    assert (job.state, job.progress, job.note) == (JobState.RUNNING, 0.5, "at the gate")
    assert done.progress is None


async def test_a_job_waits_for_its_time(desk: Any) -> None:
    (id_,) = await desk.add(kinds.noop().with_options(delay=1.0))
    async with desk.working():
        await asyncio.sleep(0.5)
        assert (await desk.job(id_)).state is JobState.SCHEDULED
        (job,) = await desk.ended(id_)
    assert job.started_at >= job.run_at
