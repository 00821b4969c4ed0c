from collections.abc import Callable
from textwrap import dedent
from typing import Any

Make = Callable[..., Any]

TYPES = """
type Query @join__type(graph: A) { t: [T] @join__field(graph: A) u: T @join__field(graph: A) }
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! b(x: Int): Int @join__field(graph: B) }
"""


def test_a_plan_is_printed_in_the_query_plan_notation(plan: Make) -> None:
    assert str(plan(TYPES, "query ($on: Boolean!) { t { b @skip(if: $on) } }")) == dedent("""\
        QueryPlan {
          Sequence {
            Fetch(service: "a") {
              {
                t {
                  __typename
                  id
                }
              }
            },
            Skip(if: $on) {
              Flatten(path: "t.@") {
                Fetch(service: "b") {
                  {
                    ... on T {
                      __typename
                      id
                    }
                  } =>
                  {
                    ... on T {
                      b
                    }
                  }
                },
              }
            },
          },
        }""")


def test_several_entity_fetches_of_a_request_are_a_batch_fetch(plan: Make) -> None:
    printed = str(plan(TYPES, "{ t { b } u { b(x: 1) } }"))
    assert 'BatchFetch(service: "b") {' in printed
    assert '_e0 {\n          paths: ["t.@"]' in printed
    assert '_e1 {\n          paths: ["u"]' in printed


def test_an_empty_plan_is_printed_empty(plan: Make) -> None:
    assert str(plan(TYPES, "{ __typename }")) == "QueryPlan {}"
    assert plan(TYPES, "{ __typename }").to_json() == {"kind": "QueryPlan"}


def test_a_plan_as_json_has_apollos_names(plan: Make) -> None:
    found = plan(TYPES, "query ($x: Int) { t { b(x: $x) } }").to_json()
    root, flatten = found["node"]["nodes"]
    assert (found["kind"], found["node"]["kind"], root["kind"]) == ("QueryPlan", "Sequence", "Fetch")
    assert root["operation"] == "query{t{__typename id}}"
    assert (flatten["kind"], flatten["path"], flatten["node"]["variableUsages"]) == (
        "Flatten",
        ["t", "@"],
        ["x"],
    )
    assert "operationName" not in root
    assert flatten["node"]["requires"] == [
        {
            "kind": "InlineFragment",
            "typeCondition": "T",
            "selections": [{"kind": "Field", "name": "__typename"}, {"kind": "Field", "name": "id"}],
        }
    ]


def test_a_type_name_that_is_set_is_an_input_rewrite(plan: Make) -> None:
    types = """
    type Query @join__type(graph: A) { nodes: [Node] @join__field(graph: A) }
    interface Node @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {
      id: ID! name: String @join__field(graph: B)
    }
    type T implements Node @join__implements(graph: A, interface: "Node") @join__type(graph: A, key: "id") {
      id: ID! name: String @join__field
    }
    """
    fetch = plan(types, "{ nodes { ... on T { name } } }").to_json()["node"]["nodes"][1]["node"]
    assert fetch["inputRewrites"] == [
        {"kind": "ValueSetter", "path": ["... on T", "__typename"], "setValueTo": "Node"}
    ]
