"""Deferred parts are fetched after the rest, from the objects that it brings."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from gateway.planning import OperationError
from gateway.planning.plan import Defer, Deferred, Each, Key, OfType

Make = Callable[..., Any]

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) {
  t: T @join__field(graph: A) ts: [[T]] @join__field(graph: A) v: V @join__field(graph: A)
  n: Int @join__field(graph: A) far: Int @join__field(graph: B) u: U @join__field(graph: A)
}
type Mutation @join__type(graph: A) { m: T @join__field(graph: A) query: Query @join__field(graph: A) }
type Subscription @join__type(graph: A) { s: T @join__field(graph: A) }
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! a: Int @join__field(graph: A) a2: Int @join__field(graph: A) b: Int @join__field(graph: B)
  next: T @join__field(graph: A) v: V @join__field(graph: A) from: Int @join__field(graph: B, requires: "a2") a3: Int @join__field(graph: A)
}
type V @join__type(graph: A) { p: Int q: Int t: T }
union U @join__type(graph: A) @join__unionMember(graph: A, member: "T") @join__unionMember(graph: A, member: "V") = T | V
"""


@pytest.fixture
def split(plan: Make) -> Callable[[str], tuple[list[str], list[list[str]]]]:
    """The requests of the primary plan and those of each deferred part, as subgraph and text."""

    def requests(node: Any) -> list[str]:
        if node is None:
            return []
        if document := getattr(node, "document", None):
            return [f"{node.subgraph}: {document}"]
        inner = (
            *getattr(node, "nodes", ()),
            *(getattr(node, name, None) for name in ("if_clause", "else_clause")),
        )
        return [text for child in inner for text in requests(child)]

    def make(operation: str) -> tuple[list[str], list[list[str]]]:
        node = plan(TYPES, operation).node
        assert isinstance(node, Defer)
        return requests(node.primary), [requests(part.node) for part in node.deferred]

    return make


@pytest.fixture
def parts(plan: Make) -> Callable[[str], tuple[Deferred, ...]]:
    def make(operation: str) -> tuple[Deferred, ...]:
        deferred: tuple[Deferred, ...] = plan(TYPES, operation).node.deferred
        return deferred

    return make


def entity(text: str) -> str:
    return f"query($representations:[_Any!]!){{_entities(representations:$representations){{...on T{{{text}}}}}}}"


def test_a_plan_with_a_deferred_part_is_printed_in_apollos_notation(plan: Make) -> None:
    found = plan(TYPES, '{ t { a ... on T @defer(label: "later") { b } } }')
    assert str(found) == dedent("""\
        QueryPlan {
          Defer {
            Primary {
              Fetch(service: "a") {
                {
                  t {
                    __typename
                    a
                    id
                  }
                }
              }
            }, [
              Deferred(depends: [0], path: "t", label: "later") {
                {
                  ... on T {
                    b
                  }
                }:
                Flatten(path: "t") {
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
            ]
          },
        }""")
    assert (found.fetch_count, found.depth) == (1, 1)


def test_the_plan_as_json_has_apollos_names(plan: Make) -> None:
    node = plan(
        TYPES, 'query ($on: Boolean!) { t { a ...F @defer(if: $on, label: "x") } } fragment F on T { b }'
    ).to_json()
    found = node["node"]
    assert (found["kind"], found["primary"]["node"]["kind"]) == ("Defer", "Fetch")
    (part,) = found["deferred"]
    assert part.pop("node")["kind"] == "Flatten"
    assert part == {
        "depends": [{"id": "0"}],
        "queryPath": ["t"],
        "subselection": "{\n  ...F\n}",
        "label": "x",
        "if": "on",
    }


def test_what_only_deferred_fragments_select_is_not_asked_at_first(split: Make) -> None:
    assert split("{ t { a ... @defer { a2 b } } }") == (
        ["a: query{t{__typename a id}}"],
        [[f"a: {entity('a2')}", f"b: {entity('b')}"]],
    )


def test_an_object_of_which_all_is_deferred_is_asked_for_its_key(split: Make) -> None:
    assert split("{ t { ... @defer { b } } }")[0] == ["a: query{t{__typename id}}"]


def test_what_is_selected_at_first_is_not_fetched_again(split: Make) -> None:
    assert split("{ t { a b ... @defer { a b } } }")[1] == [[]]


@pytest.mark.parametrize(
    ("deferred", "later"), [("id", []), ("id b", ["b"]), ("id a2 b", ["a2", "b"]), ("other: id b", ["b"])]
)
def test_a_key_is_not_fetched_again(split: Make, deferred: str, later: list[str]) -> None:
    first, (part,) = split(f"{{ t {{ a ... @defer {{ {deferred} }} }} }}")
    assert [request.partition("{...on T")[2] for request in part] == [f"{{{name}}}}}}}" for name in later]
    assert len(first) == 1
    assert "id" in first[0]


def test_below_an_object_that_both_select_only_the_rest_is_deferred(split: Make) -> None:
    assert split("{ t { next { a } ... @defer { next { a b } } } }") == (
        ["a: query{t{next{__typename a id}}}"],
        [[f"b: {entity('b')}"]],
    )


def test_what_is_deferred_below_an_object_stays_where_all_else_there_is_selected_anyway(split: Make) -> None:
    operation = (
        "{ t { next { next { a } } ... on T @include(if: true) { next { next { ... @defer { b } } } } } }"
    )
    conditional = operation.replace("{ t", "query ($on: Boolean!) { t").replace("if: true", "if: $on")
    assert split(operation)[1] == split(conditional)[1] == [[f"b: {entity('b')}"]]


def test_a_root_is_entered_anew(split: Make) -> None:
    assert split("{ n ... @defer { n t { a } far } }") == (
        ["a: query{n}"],
        [["a: query{t{a}}", "b: query{far}"]],
    )
    assert split("{ ... @defer { n } }") == ([], [["a: query{n}"]])
    assert split("mutation { query { ... @defer { n } } }")[1] == [["a: query{n}"]]


def test_what_has_no_key_to_come_back_by_comes_at_first(split: Make) -> None:
    assert split("{ v { p ... @defer { q } } }") == (["a: query{v{p q}}"], [[]])


def test_what_only_another_subgraphs_root_brings_comes_at_first(plan: Make) -> None:
    types = """
    type Query @join__type(graph: A) @join__type(graph: B) { v: W }
    type W @join__type(graph: A) @join__type(graph: B) { a: Int @join__field(graph: A) b: Int @join__field(graph: B) }
    """
    node = plan(types, "{ v { a ... @defer { b } } }").node
    assert [fetch.document for fetch in node.primary.nodes] == ["query{v{a}}", "query{v{b}}"]
    assert [part.node for part in node.deferred] == [None]


def test_what_comes_at_first_comes_from_the_request_that_can_bring_it(plan: Make) -> None:
    types = """
    type Query @join__type(graph: A) @join__type(graph: B) { v: W }
    type W @join__type(graph: A) @join__type(graph: B) {
      a: Int @join__field(graph: A) b: Int @join__field(graph: B) c: Int @join__field(graph: B) t: T @join__field(graph: A)
    }
    type T @join__type(graph: A, key: "id") { id: ID! x: Int }
    """
    node = plan(types, "{ v { a b ... @defer { c t { x } } } }").node
    assert [fetch.document for fetch in node.primary.nodes] == [
        "query{v{a t{__typename id}}}",
        "query{v{b c}}",
    ]
    assert node.deferred[0].node.document.endswith("{...on T{x}}}")


def test_a_key_has_no_name_that_a_deferred_part_gives_to_something_else(split: Make) -> None:
    primary, (deferred,) = split("{ t { a ... @defer { id: a2 b } } }")
    assert primary == ["a: query{t{__typename a _id_0:id}}"]
    assert f"b: {entity('b')}" in deferred


def test_below_it_objects_with_a_key_are_deferred(split: Make) -> None:
    assert split("{ v { ... @defer { q t { b } } } }") == (
        ["a: query{v{q t{__typename id}}}"],
        [[f"b: {entity('b')}"]],
    )


def test_of_types_those_with_a_key_are_deferred(split: Make) -> None:
    assert split("{ u { ... @defer { ... on T { a } ... on V { p } } } }") == (
        ["a: query{u{__typename ...on T{id} ...on V{p}}}"],
        [[f"a: {entity('a')}"]],
    )


def test_what_a_deferred_field_requires_is_read_at_first(split: Make) -> None:
    primary, (deferred,) = split("{ t { ... @defer { from } } }")
    assert primary == ["a: query{t{__typename id a2}}"]
    assert deferred == [f"b: {entity('from')}"]


def test_a_part_in_a_part_waits_for_it(split: Make, parts: Make) -> None:
    operation = '{ t { ... @defer(label: "outer") { next { a ... @defer(label: "inner") { b } } } } }'
    assert split(operation)[1] == [[f"a: {entity('next{__typename a id}')}"], [f"b: {entity('b')}"]]
    outer, inner = parts(operation)
    assert (outer.label, outer.parent, outer.depends) == ("outer", None, (0,))
    assert (inner.label, inner.parent, inner.depends) == ("inner", 0, (1,))


def test_parts_beside_one_another_are_fetched_apart(split: Make) -> None:
    assert split('{ t { ... @defer(label: "x") { b } ... @defer(label: "y") { b } } }')[1] == [
        [f"b: {entity('b')}"],
        [f"b: {entity('b')}"],
    ]


def test_the_path_leads_to_the_objects_of_the_fragment(parts: Make) -> None:
    assert parts("{ ts { next { ... @defer { b } } } }")[0].path == (Key("ts"), Each(), Each(), Key("next"))
    assert parts("{ u { ... on T { next { ... @defer { b } } } } }")[0].path == (
        Key("u"),
        OfType(("T",)),
        Key("next"),
    )


def test_a_fragment_that_is_spread_at_two_places_is_two_parts(parts: Make) -> None:
    found = parts("{ t { ...F @defer next { ...F @defer } } } fragment F on T { b }")
    assert [part.path for part in found] == [(Key("t"),), (Key("t"), Key("next"))]


@pytest.mark.parametrize("directives", ["@defer(if: false)", "@defer @skip(if: true)"])
def test_what_is_never_deferred_is_no_part(plan: Make, directives: str) -> None:
    assert not isinstance(plan(TYPES, f"{{ t {{ ... {directives} {{ b }} }} }}").node, Defer)


def test_one_plan_serves_both_values_of_a_variable(parts: Make) -> None:
    (part,) = parts("query ($on: Boolean! = true) { t { a ... @defer(if: $on) { b } } }")
    assert part.variable == "on"
    assert part.node is not None


def test_conditions_hold_for_deferred_requests(plan: Make) -> None:
    (part,) = plan(
        TYPES, "query ($on: Boolean!) { t { a ... @defer @include(if: $on) { b } } }"
    ).node.deferred
    assert part.node.variable == "on"


def test_the_parts_of_a_mutations_field_come_after_all_of_its_steps(split: Make) -> None:
    assert split("mutation { m { a ... @defer { b } } query { far } }") == (
        ["a: mutation{m{__typename a id} query{__typename}}", "b: query{far}"],
        [[f"b: {entity('b')}"]],
    )


@pytest.mark.parametrize(
    "operation",
    [
        "mutation { ... @defer { m { a } } }",
        "subscription { ... @defer { s { a } } }",
        "subscription { s { ... @defer { a } } }",
        '{ t { ... @defer(label: "x") { a } ... @defer(label: "x") { b } } }',
        "query ($x: String) { t { ... @defer(label: $x) { a } } }",
        "{ t { a @defer } }",
        "{ t { ... @stream { a } } }",
    ],
)
def test_the_rules_of_the_directive_are_checked(plan: Make, operation: str) -> None:
    with pytest.raises(OperationError) as caught:
        plan(TYPES, operation)
    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_a_subscription_that_may_be_deferred_is_planned_whole(plan: Make) -> None:
    found = plan(TYPES, "subscription ($on: Boolean!) { s { a ... @defer(if: $on) { b } } }")
    assert found.node.rest is not None
