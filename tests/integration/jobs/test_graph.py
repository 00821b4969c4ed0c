"""Guarantees 14 to 16 of jobs' README: who sees and steers what, what a batch costs; and the public contract."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from strawberry.types import ExecutionResult

from common.app import ServiceRequest
from common.auth import Caller
from common.database.testing import count_statements
from common.errors import DomainError
from common.live import Live
from subgraphs.jobs.api import Context, schema
from subgraphs.jobs.domain.jobs import JobState
from tests.integration.jobs import kinds

Ask = Callable[..., Awaitable[ExecutionResult]]

ADA, BOB = "0199d3a0-0000-7000-8000-000000000001", "0199d3a0-0000-7000-8000-000000000002"
ENQUEUE = """mutation ($input: EnqueueJobInput!, $key: String!) { enqueueJob(input: $input, idempotencyKey: $key) {
  __typename ... on Job { id kind state priority arguments owner { id } queue { name } }
  ... on InvalidInput { field message } ... on UnknownJobKind { kind } ... on IdempotencyKeyReused { code } } }"""
ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename %s } }"
ADMIN_OPERATIONS = (
    "{ queues { name stats { ready } } }",
    "{ workers { id } }",
    "{ jobLimits { key } }",
    "{ recurringJobs { name } }",
    "mutation { retryDeadJobs }",
    'mutation { pauseQueue(name: "default") { __typename } }',
    'mutation { resumeQueue(name: "default") { __typename } }',
    'mutation { setTenantWeight(queue: "default", ownerId: "x", weight: 5) { __typename } }',
    'mutation { setJobLimit(key: "quay", maxRunning: 2) { __typename } }',
    'mutation { recurJob(input: {name: "n", kind: "test.noop", cron: "* * * * *"}) { __typename } }',
    'mutation { stopRecurringJob(name: "n") }',
    f'mutation {{ drainWorker(id: "{ADA}") }}',
)


@pytest.fixture
def ask(desk: Any) -> Ask:
    """Runs an operation for a user, or for nobody."""

    async def ask(
        query: str, user: str | None = ADA, *, admin: bool = False, **variables: Any
    ) -> ExecutionResult:
        caller = Caller(user, frozenset({"jobs:admin"} if admin else ()), {}) if user else None
        context = Context.of(ServiceRequest(caller, None), desk.services, Live("nats://127.0.0.1:9", "jobs"))
        return await schema.execute(query, variable_values=variables, context_value=context)

    return ask


def data(result: ExecutionResult) -> Any:
    assert result.errors is None
    assert result.data is not None
    return result.data


def code(result: ExecutionResult) -> str:
    assert result.errors
    error = result.errors[0].original_error
    assert isinstance(error, DomainError)
    return error.code


def test_the_committed_schema_is_the_schema() -> None:
    committed = Path(__file__).parents[3] / "subgraphs/jobs/schema.graphql"
    assert committed.read_text() == schema.as_str() + "\n", "write it by `python -m subgraphs.jobs.api`"


async def test_a_job_is_asked_for_once_a_key(ask: Ask) -> None:
    given = {"kind": "test.write", "arguments": {"line": "ahoy"}, "priority": "HIGH"}
    first = data(await ask(ENQUEUE, input=given, key="k"))["enqueueJob"]
    again = data(await ask(ENQUEUE, input=given, key="k"))["enqueueJob"]
    other = data(await ask(ENQUEUE, input=given | {"priority": "LOW"}, key="k"))["enqueueJob"]
    assert first == again
    assert first | {"id": ""} == {
        "__typename": "Job",
        "id": "",
        "kind": "test.write",
        "state": "READY",
        "priority": "HIGH",
        "arguments": {"line": "ahoy", "times": 1},
        "owner": {"id": ADA},
        "queue": {"name": "default"},
    }
    assert other == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"kind": "test.whale"}, {"__typename": "UnknownJobKind", "kind": "test.whale"}),
        ({"kind": "test.fail"}, {"__typename": "UnknownJobKind", "kind": "test.fail"}),
        ({"kind": "test.write"}, "arguments"),
        ({"kind": "test.write", "arguments": {"line": 5}}, "arguments"),
        ({"kind": "test.write", "arguments": [1]}, "arguments"),
        ({"kind": "test.noop", "arguments": {"more": 1}}, "arguments"),
        ({"kind": "test.noop", "queue": ""}, "queue"),
        ({"kind": "test.noop", "maxAttempts": 0}, "maxAttempts"),
        ({"kind": "test.noop", "runAt": "2030-01-01T00:00:00"}, "runAt"),
        ({"kind": "test.noop", "uniqueKey": "a\0"}, "uniqueKey"),
    ],
)
async def test_what_cannot_be_a_job_is_refused_by_name(ask: Ask, given: Any, outcome: Any) -> None:
    answer = data(await ask(ENQUEUE, input=given, key="k"))["enqueueJob"]
    if isinstance(outcome, str):
        assert (answer["__typename"], answer["field"]) == ("InvalidInput", outcome)
    else:
        assert answer == outcome


async def test_jobs_are_their_owners(ask: Ask, desk: Any) -> None:
    (id_,) = await desk.add(kinds.noop().with_options(tenant=ADA))
    queries = (f'{{ job(id: "{id_}") {{ id }} }}', "{ jobs { edges { node { id } } } }")
    assert data(await ask(queries[0]))["job"] == {"id": str(id_)}
    assert data(await ask(queries[0], BOB))["job"] is None
    assert data(await ask(queries[0], BOB, admin=True))["job"] == {"id": str(id_)}
    assert data(await ask(queries[1], BOB))["jobs"]["edges"] == []
    assert code(await ask(queries[1], None)) == "UNAUTHENTICATED"
    of = [{"__typename": "User", "id": ADA}]
    assert code(await ask(ENTITIES % "... on User { jobs { id } }", BOB, of=of)) == "UNAUTHORIZED"
    cancel = f'mutation {{ cancelJob(id: "{id_}") {{ __typename }} }}'
    assert data(await ask(cancel, BOB))["cancelJob"]["__typename"] == "JobNotFound"
    assert (await desk.job(id_)).state is JobState.READY


@pytest.mark.parametrize("operation", ADMIN_OPERATIONS)
async def test_steering_needs_the_scope(ask: Ask, operation: str) -> None:
    assert code(await ask(operation, None)) == "UNAUTHENTICATED"
    assert code(await ask(operation)) == "UNAUTHORIZED"
    assert (await ask(operation, admin=True)).errors is None


def test_the_router_is_told_of_the_scope() -> None:
    fields = [line for line in schema.as_str().splitlines() if "@requiresScopes(scopes: [[" in line]
    assert len(fields) == len(ADMIN_OPERATIONS) + 1  # and the subscription queueUpdated


async def test_pages_follow_one_another(ask: Ask, desk: Any) -> None:
    ids = await desk.add(*(kinds.noop().with_options(tenant=ADA) for _ in range(5)))
    seen: list[str] = []
    after = None
    while True:
        query = "query ($a: String) { jobs(first: 2, after: $a) { edges { node { id } } pageInfo { hasNextPage endCursor } } }"
        page = data(await ask(query, a=after))["jobs"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(map(str, ids), reverse=True)


async def test_the_list_is_filtered(ask: Ask, desk: Any) -> None:
    await desk.add(
        kinds.noop(), kinds.noop().with_options(queue="other"), kinds.write("x").with_options(tenant=BOB)
    )
    query = "query ($f: JobFilter) { jobs(filter: $f) { edges { node { kind } } } }"

    async def count(**wanted: Any) -> int:
        return len(data(await ask(query, admin=True, f=wanted))["jobs"]["edges"])

    assert [await count(), await count(queue="other"), await count(kind="test.write")] == [3, 1, 1]
    assert [await count(ownerId=BOB), await count(state="READY"), await count(state="DEAD")] == [1, 3, 0]


async def test_a_batch_is_a_statement(ask: Ask, desk: Any) -> None:
    ids = await desk.add(*(kinds.noop().with_options(tenant=ADA) for _ in range(3)))
    of: list[dict[str, str]] = [{"__typename": "Job", "id": str(id_)} for id_ in ids]
    of += [{"__typename": "User", "id": ADA}, {"__typename": "Job", "id": "no id"}]
    with count_statements() as statements:
        found = data(await ask(ENTITIES % "... on Job { after { id } } ... on User { jobs { id } }", of=of))
    assert [bool(entity) for entity in found["_entities"]] == [True, True, True, True, False]
    assert len(statements) == 3


async def test_a_workflow_is_asked_for_whole(ask: Ask) -> None:
    query = """mutation ($steps: [WorkflowStepInput!]!) { enqueueWorkflow(steps: $steps, idempotencyKey: "k") {
      __typename ... on InvalidInput { field }
      ... on Workflow { id jobs { step state after { step } workflow { id } } } } }"""
    steps: list[dict[str, Any]] = [
        {"name": "a", "kind": "test.noop"},
        {"name": "b", "kind": "test.noop"},
        {"name": "c", "kind": "test.write", "arguments": {"line": "x"}, "after": ["a", "b"]},
    ]
    made = data(await ask(query, steps=steps))["enqueueWorkflow"]
    assert [(job["step"], job["state"], len(job["after"])) for job in made["jobs"]] == [
        ("a", "READY", 0),
        ("b", "READY", 0),
        ("c", "WAITING", 2),
    ]
    assert {job["workflow"]["id"] for job in made["jobs"]} == {made["id"]}
    assert data(await ask(f'{{ workflow(id: "{made["id"]}") {{ id }} }}', BOB))["workflow"] is None
    for wrong in ([], [steps[0], steps[0]], [steps[2]]):
        assert data(await ask(query, steps=wrong))["enqueueWorkflow"]["__typename"] == "InvalidInput"


async def test_what_is_dead_runs_again_when_asked(ask: Ask, desk: Any) -> None:
    (id_,) = await desk.add(kinds.end_by("discard").with_options(tenant=ADA))
    retry = f'mutation {{ retryJob(id: "{id_}") {{ __typename ... on Job {{ state attempt }} }} }}'
    assert data(await ask(retry))["retryJob"]["__typename"] == "JobNotFound"
    async with desk.working():
        await desk.ended(id_)
        assert data(await ask(retry))["retryJob"] == {"__typename": "Job", "state": "READY", "attempt": 0}
        (job,) = await desk.ended(id_)
    assert (job.state, json.loads(job.result)) == (JobState.SUCCEEDED, "again")


async def test_queues_show_what_is_where(ask: Ask, desk: Any) -> None:
    await desk.add(
        kinds.noop(), kinds.noop().with_options(delay=60), kinds.noop().with_options(queue="other")
    )
    await desk.services.queues.pause("other", is_paused=True)
    query = "{ queues { name isPaused stats { ready scheduled oldestReadyAt } } }"
    with count_statements() as statements:
        found = data(await ask(query, admin=True))["queues"]
    assert [(queue["name"], queue["isPaused"]) for queue in found] == [("default", False), ("other", True)]
    assert [(queue["stats"]["ready"], queue["stats"]["scheduled"]) for queue in found] == [(1, 1), (1, 0)]
    assert len(statements) == 1


async def test_a_worker_is_seen_and_drained(ask: Ask, desk: Any) -> None:
    async with desk.working() as worker:
        (first,) = await desk.add(kinds.noop())
        await desk.ended(first)
        (seen,) = data(await ask("{ workers { id queues concurrency isDraining } }", admin=True))["workers"]
        assert UUID(seen["id"]) == worker.id
        assert data(await ask(f'mutation {{ drainWorker(id: "{worker.id}") }}', admin=True))["drainWorker"]
        await desk.until_draining(worker)
        (second,) = await desk.add(kinds.noop())
        with pytest.raises(TimeoutError):
            await desk.ended(second, seconds=1)
    assert data(await ask("{ workers { id } }", admin=True))["workers"] == []
