"""Whatever is sent to jobs, it answers as its contract says and never with a defect."""

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from subgraphs.jobs.api import schema
from subgraphs.jobs.app import service as description
from tests.fuzz.services.fuzzing import REFUSALS, Running, doors, graph, quick, representations

SERVICE = "jobs"
DOORS, GRAPH = doors(description), graph(schema)
ENTITIES = """query ($of: [_Any!]!, $first: Int! = 20) { _entities(representations: $of) {
  ... on Job { state arguments result after { id } owner { id } }
  ... on Queue { isPaused }
  ... on Workflow { jobs { id } }
  ... on Worker { pid }
  ... on User { own: jobs(first: $first) { id } } } }"""
ENQUEUE = """mutation ($input: EnqueueJobInput!, $key: String!) { enqueueJob(input: $input, idempotencyKey: $key) {
  __typename } }"""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FITTING = st.fixed_dictionaries({}, optional={"times": JSON, "weights": JSON})
KINDS = st.sampled_from(["harbour.ring_bell", "harbour.weigh_cargo", "whale"])
ASKED = st.fixed_dictionaries(
    {"kind": KINDS, "arguments": FITTING | JSON},
    optional={
        "queue": st.text(max_size=5),
        "uniqueKey": st.text(max_size=5),
        "maxAttempts": st.integers(-(2**31), 2**31 - 1),
    },
)


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    """Whatever it generates for a batch."""
    return str(value).encode()


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, service: Running) -> None:
    # which kinds there are, and what arguments one takes, no description says
    excluded = [positive_data_acceptance] if case.path == "/jobs" else []
    headers = {"authorization": f"Bearer {service.token}"}
    case.call_and_validate(base_url=service.url, headers=headers, excluded_checks=excluded)


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, service: Running, *, signed_in: bool) -> None:
    assert service.codes(case.body, signed_in=signed_in) <= REFUSALS


@quick
@given(ASKED, st.text(max_size=5))
def test_whatever_is_asked_for_is_a_job_or_refused(service: Running, asked: Any, key: str) -> None:
    codes = service.codes(ENQUEUE, signed_in=True, input=asked, key=key)
    assert codes <= {"GRAPHQL_VALIDATION_FAILED"}


@quick
@given(
    representations(
        "Job", "Queue", "Workflow", "Worker", "User", id=st.uuids().map(str), name=st.text(max_size=5)
    ),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
)
def test_no_representation_is_a_defect(service: Running, of: list[Any], first: int, signed_in: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by place
    codes = service.codes(ENTITIES, signed_in=signed_in, of=of, first=first)
    assert codes <= {"INVALID_REPRESENTATION", "INVALID_INPUT", "UNAUTHORIZED", "UNAUTHENTICATED"}
