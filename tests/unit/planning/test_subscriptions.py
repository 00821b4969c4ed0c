"""One request that subscribes, and what is asked for each event."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from gateway.planning import OperationError

Make = Callable[..., Any]

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) { a: Int @join__field(graph: A) top: T @join__field(graph: B) }
type Subscription @join__type(graph: A) @join__type(graph: B) {
  changed(x: Int): T @join__field(graph: B)
  count: Int @join__field(graph: A)
  query: Query @join__field(graph: A)
}
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID! a: Int @join__field(graph: A) b: Int @join__field(graph: B) c: Int @join__field(graph: C)
}
"""


def test_the_root_field_is_subscribed_to_and_the_rest_is_asked_for_each_event(plan: Make) -> None:
    found = plan(TYPES, "subscription ($x: Int) { changed(x: $x) { b a } }")
    assert str(found) == dedent("""\
        QueryPlan {
          Subscription {
            Primary: {
              Fetch(service: "b") {
                {
                  changed(x: $x) {
                    __typename
                    b
                    id
                  }
                }
              }
            },
            Rest: {
              Flatten(path: "changed") {
                Fetch(service: "a") {
                  {
                    ... on T {
                      __typename
                      id
                    }
                  } =>
                  {
                    ... on T {
                      a
                    }
                  }
                },
              }
            },
          },
        }""")
    assert (found.fetch_count, found.depth) == (2, 2)


def test_the_requests_of_an_event_run_in_parallel(plan: Make) -> None:
    found = plan(TYPES, "subscription { changed { a b c } }")
    assert (found.fetch_count, found.depth) == (3, 2)
    assert found.node.primary.document == "subscription{changed{__typename b id}}"


def test_what_one_subgraph_answers_has_no_rest(plan: Make) -> None:
    found = plan(TYPES, "subscription { count }")
    assert found.node.rest is None
    assert "Rest" not in str(found)
    assert found.to_json() == {
        "kind": "QueryPlan",
        "node": {"kind": "Subscription", "primary": found.to_json()["node"]["primary"]},
    }


def test_a_query_below_an_event_is_a_query(plan: Make) -> None:
    found = plan(TYPES, "subscription { query { top { b } } }")
    assert found.node.primary.document == "subscription{query{__typename}}"
    assert (found.node.rest.operation_kind, found.node.rest.document) == ("query", "query{top{b}}")


def test_the_plan_as_json_has_both_parts(plan: Make) -> None:
    node = plan(TYPES, "subscription { changed { a } }").to_json()["node"]
    assert (node["kind"], node["primary"]["operationKind"]) == ("Subscription", "subscription")
    assert node["rest"]["node"]["operationKind"] == "query"


@pytest.mark.parametrize(
    "operation",
    [
        "subscription { count changed { b } }",
        "subscription { __typename }",
        "subscription ($on: Boolean!) { count @include(if: $on) }",
        "subscription { ... @skip(if: true) { count } }",
    ],
)
def test_there_is_one_root_field_without_conditions(plan: Make, operation: str) -> None:
    with pytest.raises(OperationError) as caught:
        plan(TYPES, operation)
    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_conditions_below_the_root_hold_for_the_requests_of_an_event(plan: Make) -> None:
    found = plan(TYPES, "subscription ($on: Boolean!) { changed { b a @include(if: $on) } }")
    assert found.node.rest.variable == "on"
