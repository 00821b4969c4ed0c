"""Whatever is sent to the control plane of tenants, it answers as its contract says and never with a defect."""

from typing import Any

import pytest
import schemathesis
from graphql import parse_value
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ignored_auth

from subgraphs.tenants.api import schema
from subgraphs.tenants.app import service as description
from tests.fuzz.services.fuzzing import (
    REFUSALS,
    TENANTS_TOKEN,
    Running,
    doors,
    graph,
    quick,
    representations,
)

SERVICE = "tenants"
DOCUMENTS = (
    "{}",
    "[]",
    '"text"',
    "null",
    "{hosts: [1]}",
    '{routes: [{name: "a", upstream: "b", policy: "c"}]}',
    '{upstreams: {a: {targets: [{url: "http://[::1"}]}}}',
    '{upstreams: {a: {targets: [{url: "https://shop.example"}]}}, policies: {p: {limits: {cost: 2}}}}',
)
schemathesis.graphql.scalar("JSON", st.sampled_from([parse_value(text) for text in DOCUMENTS]))
DOORS, GRAPH = doors(description), graph(schema)
REFUSED = {*REFUSALS, "NOT_FOUND", "TENANT_NOT_FOUND", "INVALID_REPRESENTATION"}
ENTITIES = """query ($of: [_Any!]!) { _entities(representations: $of) {
  ... on Tenant { name plan { name } members { role } keys { id } quota { used }
    statement(month: "2026-11") { total { amount } } consumers { name } credits { reason } }
  ... on Consumer { name keys { id } }
  ... on ApiKey { name } ... on Plan { title } ... on User { tenants { name } } } }"""


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, service: Running) -> None:
    # it would look for a door without a token by sending the token: tests/integration/tenants/test_keys.py does it
    case.call_and_validate(
        base_url=service.url,
        headers={"authorization": f"Bearer {TENANTS_TOKEN}"},
        excluded_checks=[ignored_auth],
    )


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, service: Running, *, signed_in: bool) -> None:
    assert service.codes(case.body, signed_in=signed_in) <= REFUSED


@quick
@given(
    representations("Tenant", "Consumer", "ApiKey", "Plan", "User", id=st.uuids().map(str), name=st.text()),
    st.booleans(),
)
def test_no_representation_is_a_defect(
    service: Running,
    of: list[Any],
    signed_in: bool,  # noqa: FBT001 - Hypothesis gives it by place
) -> None:
    assert service.codes(ENTITIES, signed_in=signed_in, of=of) <= REFUSED
