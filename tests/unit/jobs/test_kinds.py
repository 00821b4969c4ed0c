"""Kinds of jobs: their arguments are checked when they are asked for, as they will be when they run."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from common.ids import new_id
from common.jobs import Backoff, InvalidJobError, JobRequest, Jobs, Priority, Run, Unique, Workflow
from common.jobs.request import MAX_BATCH, check


class Address(Struct, frozen=True):
    street: str
    number: int = 1


jobs: Jobs[None] = Jobs("post")


@jobs.job(
    queue="letters", priority=Priority.HIGH, max_attempts=3, unique=Unique.UNTIL_FINISHED, limit_key="van"
)
async def deliver(_run: Run[None], to: Address, at: datetime, stamps: tuple[int, ...] = ()) -> None:
    """Typed arguments of several kinds."""


@jobs.job()
def sort(_run: Run[None], numbers: list[int]) -> list[int]:
    return sorted(numbers)


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_arguments_come_out_as_they_went_in() -> None:
    request = deliver(Address("Fishstreet", 2), NOON, stamps=(1, 2))
    assert deliver.bind(request.arguments) == {"to": Address("Fishstreet", 2), "at": NOON, "stamps": (1, 2)}


def test_a_request_has_its_kinds_policy_unless_told_otherwise() -> None:
    request = deliver(Address("Fishstreet"), NOON)
    assert (request.kind, request.queue, request.priority) == ("post.deliver", "letters", Priority.HIGH)
    assert (request.max_attempts, request.limit_key) == (3, "van")
    assert request.with_options(queue="other", tenant="ada").queue == "other"


def test_the_same_arguments_have_the_same_unique_key() -> None:
    first, same, other = (deliver(Address("Fishstreet", n), NOON) for n in (2, 2, 3))
    assert first.unique_key == same.unique_key != other.unique_key
    assert sort([1]).unique_key is None


@pytest.mark.parametrize(
    "arguments",
    [
        b"{}",
        b'{"numbers": "x"}',
        b'{"numbers": [1], "more": 2}',
        b"[]",
        b"",
        b'{"numbers": [1e999]}',
        b"\xff",
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: bytes) -> None:
    with pytest.raises(InvalidJobError):
        sort.request(arguments)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_but_a_refusal_comes_of_any_arguments(value: Any) -> None:
    for call in (lambda: sort(value), lambda: deliver(value, value)):
        try:
            request = call()
        except InvalidJobError:
            continue
        assert isinstance(request, JobRequest)


def test_parameters_that_no_job_can_be_asked_for_with_are_refused_at_once() -> None:
    async def careless(_run: Run[None], *rest: int) -> None:
        """No job."""

    with pytest.raises(TypeError, match="rest"):
        jobs.job()(careless)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"queue": ""}, "queue"),
        ({"queue": "x" * 201}, "queue"),
        ({"tenant": "a\nb"}, "tenant"),
        ({"max_attempts": 0}, "maxAttempts"),
        ({"delay": -1.0}, "delay"),
        ({"delay": float("nan")}, "delay"),
        ({"run_at": datetime(2026, 1, 1)}, "runAt"),  # noqa: DTZ001 - that is what is wrong with it
        ({"unique_key": "\0"}, "uniqueKey"),
    ],
)
def test_what_cannot_be_a_job_is_refused_by_name(options: Any, field: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        check([sort([1]).with_options(**options)])
    assert refused.value.field == field


def test_a_batch_has_a_bound_and_no_twins() -> None:
    request = sort([1])
    with pytest.raises(InvalidJobError):
        check([request, request])
    with pytest.raises(InvalidJobError):
        check([sort([1]) for _ in range(MAX_BATCH + 1)])


def test_a_workflow_has_no_circles() -> None:
    workflow = Workflow()
    first = workflow.add("first", sort([1]))
    workflow.add("second", deliver(Address("x"), NOON), after=("first", "first"))
    second = list(workflow)[1]
    assert second.after == (first,)
    assert second.unique_key is None, "a step is not kept out by others"
    check(list(workflow))
    with pytest.raises(InvalidJobError):
        workflow.add("third", sort([1]), after=("third",))
    with pytest.raises(InvalidJobError):
        workflow.add("first", sort([1]))
    with pytest.raises(InvalidJobError):
        check(list(workflow)[::-1])


@given(st.integers(1, 2_000), st.floats(0, 100), st.floats(0, 1_000))
def test_a_backoff_is_random_below_its_bounds(attempt: int, base: float, cap: float) -> None:
    random.seed(attempt)
    assert 0 <= Backoff(base, cap).delay(attempt) <= min(cap, base * 2.0 ** min(attempt - 1, 60))


def test_ids_ascend_and_are_of_version_7() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(set(ids))
    assert {id_.version for id_ in ids} == {7}
    assert abs((ids[0].int >> 80) - datetime.now(UTC).timestamp() * 1_000) < 60_000


def test_a_request_survives_its_event() -> None:
    request = deliver(Address("x"), NOON).with_options(run_at=NOON, tenant="ada")
    assert msgspec.json.decode(msgspec.json.encode(request), type=JobRequest) == request
    assert isinstance(request.id, UUID)
