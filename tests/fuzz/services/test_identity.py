"""Whatever is sent to identity, it answers as its contract says and never with a defect."""

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from subgraphs.identity.api import schema
from subgraphs.identity.app import service as description
from tests.fuzz.services.fuzzing import REFUSALS, Running, doors, graph, quick, representations

schemathesis.graphql.scalar("JSON", st.text().map(nodes.String) | st.integers().map(nodes.Int))
# The two doors of the revocation feed are not fuzzed: they wait for news for as long as they are told, which the tool takes for
# a server that hangs; what they make of bad parameters is in tests/integration/identity/test_revocation_door.py.
DOORS, GRAPH = doors(description).exclude(path_regex="^/(revocations|region)$"), graph(schema)


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, identity: Running) -> None:
    case.call_and_validate(base_url=identity.url, allow_redirects=False)  # each door's own answer


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, identity: Running, *, signed_in: bool) -> None:
    assert identity.codes(case.body, signed_in=signed_in) <= REFUSALS


@quick
@given(representations("User", id=st.uuids().map(str)), st.booleans())
def test_no_representation_is_a_defect(identity: Running, of: list[Any], signed_in: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by place
    query = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { name } } }"
    assert identity.codes(query, signed_in=signed_in, of=of) <= {"INVALID_REPRESENTATION"}
