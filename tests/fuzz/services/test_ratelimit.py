"""Whatever is sent to the rate limiter, it answers as its contract says and never with a defect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from subgraphs.ratelimit.api import schema
from subgraphs.ratelimit.app import service as description
from tests.fuzz.services.fuzzing import (
    RATELIMIT_TOKEN,
    REFUSALS,
    Running,
    doors,
    graph,
    quick,
    representations,
)

SERVICE = "ratelimit"
DOORS, GRAPH = doors(description), graph(schema)
JOINING = ("/v1/policies:declare", "/json")
TYPES = ("RateLimitPolicy", "RateLimitNamespace", "RateLimitOverride", "User")
ENTITIES = """query ($of: [_Any!]!, $namespace: String! = "graph") { _entities(representations: $of) {
  ... on RateLimitPolicy { name namespace { id } overrides { id } }
  ... on RateLimitNamespace { policies { id } }
  ... on RateLimitOverride { policy { id } }
  ... on User { rateLimits(namespace: $namespace) { remaining } } } }"""


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, service: Running) -> None:
    # Which period, burst and calendar an algorithm takes joins several fields, as that no key is twice in a descriptor does, which no
    # schema says. The door without a token, which
    # the tool looks for by sending the token, is in tests/integration/ratelimit/test_doors.py.
    excluded = [positive_data_acceptance, ignored_auth] if case.path in JOINING else []
    case.call_and_validate(
        base_url=service.url,
        headers={"authorization": f"Bearer {RATELIMIT_TOKEN}"},
        excluded_checks=excluded,
    )


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, service: Running, *, signed_in: bool) -> None:
    assert service.codes(case.body, signed_in=signed_in) <= REFUSALS | {"NOT_FOUND"}


@quick
@given(representations(*TYPES, id=st.uuids().map(str)), st.text(max_size=9), st.booleans())
def test_no_representation_is_a_defect(
    service: Running,
    of: list[Any],
    namespace: str,
    signed_in: bool,  # noqa: FBT001 - Hypothesis gives it by place
) -> None:
    codes = service.codes(ENTITIES, signed_in=signed_in, of=of, namespace=namespace)
    refusals = {"INVALID_REPRESENTATION", "INVALID_INPUT", "UNAUTHORIZED", "UNAUTHENTICATED", "NOT_FOUND"}
    assert codes <= refusals
