"""Interfaces, unions and interface objects."""

from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]

NODES = """
type Query @join__type(graph: A) { nodes: [Node] @join__field(graph: A) either: Either @join__field(graph: A) }
interface Node @join__type(graph: A) @join__type(graph: B) { id: ID! name: String @join__field(graph: A) score: Int @join__field(graph: B) }
type X implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
{ id: ID! name: String @join__field(graph: A) score: Int @join__field(graph: B) x: Int @join__field(graph: A, type: "Int!") }
type Y implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
{ id: ID! name: String @join__field(graph: A) score: Int @join__field(graph: B) x: Int @join__field(graph: A) }
union Either @join__type(graph: A) @join__unionMember(graph: A, member: "X") @join__unionMember(graph: A, member: "Y") = X | Y
"""


def test_an_interface_is_not_expanded_where_all_types_agree(fetches: Make) -> None:
    assert fetches(NODES, "{ nodes { name } }") == ["a: query{nodes{__typename name}}"]


def test_after_a_move_the_interface_is_asked_as_one(fetches: Make) -> None:
    assert fetches(NODES, "{ nodes { name score } }")[1].endswith("{...on Node{score}}}")


def test_a_type_condition_keeps_the_fetch_to_its_type(plan: Make) -> None:
    fetch = plan(NODES, "{ nodes { name ... on X { score } } }").node.nodes[1]
    assert [found.possible_types for found in fetch.entities[0].representations] == [("X",)]


def test_a_response_key_of_two_shapes_is_asked_under_an_alias(plan: Make) -> None:
    fetch = plan(NODES, "{ either { ... on X { x } ... on Y { x } } }").node
    assert fetch.document == "query{either{__typename ...on X{x} ...on Y{_x_1:x}}}"
    rename = fetch.renames[0]
    assert ([step.name for step in rename.path], rename.rename_to) == (["either", "_x_1"], "x")


HIDDEN = """
type Query @join__type(graph: A) @join__type(graph: B) { real: [I] @join__field(graph: A) hidden: [I] @join__field(graph: B) }
interface I @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {
  id: ID!
  extra: Int @join__field(graph: B)
}
type X implements I @join__implements(graph: A, interface: "I") @join__type(graph: A, key: "id") { id: ID! own: Int extra: Int @join__field }
type Y implements I @join__implements(graph: A, interface: "I") @join__type(graph: A, key: "id") { id: ID! extra: Int @join__field }
"""


def test_an_interface_object_answers_for_the_interface_alone(fetches: Make) -> None:
    assert fetches(HIDDEN, "{ hidden { id extra } }") == ["b: query{hidden{id extra}}"]


def test_the_real_type_of_an_interface_object_is_asked_of_who_knows_it(plan: Make, fetches: Make) -> None:
    texts = fetches(HIDDEN, "{ hidden { __typename extra ... on X { own } } }")
    assert texts[0] == "b: query{hidden{__typename extra id}}"
    assert texts[1].endswith("{__typename ...on X{own}}}")
    representation = plan(HIDDEN, "{ hidden { __typename } }").node.nodes[1].entities[0].representations[0]
    assert (representation.typename, representation.possible_types) == ("I", ("I", "X", "Y"))


def test_a_field_of_an_interface_object_is_asked_in_the_interfaces_name(plan: Make, fetches: Make) -> None:
    assert fetches(HIDDEN, "{ real { id extra } }")[1].endswith("{...on I{extra}}}")
    representations = plan(HIDDEN, "{ real { extra } }").node.nodes[1].entities[0].representations
    assert {found.typename for found in representations} == {"I"}


PARTIAL = """
type Query @join__type(graph: A) @join__type(graph: B) { m: M @join__field(graph: A) n: M @join__field(graph: B) }
union M @join__type(graph: A) @join__type(graph: B)
  @join__unionMember(graph: A, member: "X") @join__unionMember(graph: B, member: "X") @join__unionMember(graph: B, member: "Y") = X | Y
type X @join__type(graph: A) @join__type(graph: B) { x: Int }
type Y @join__type(graph: B) { y: Int }
"""


def test_a_member_that_the_subgraph_cannot_answer_is_not_asked_of_it(fetches: Make) -> None:
    assert fetches(PARTIAL, "{ m { ... on X { x } ... on Y { y } } }") == [
        "a: query{m{__typename ...on X{x}}}"
    ]
    assert fetches(PARTIAL, "{ m { ... on Y { y } } }") == ["a: query{m{__typename}}"]
    assert fetches(PARTIAL, "{ n { ... on Y { y } } }") == ["b: query{n{__typename ...on Y{y}}}"]


def test_a_field_that_all_types_answer_at_once_is_asked_of_the_interface(fetches: Make) -> None:
    types = """
    type Query @join__type(graph: A) { nodes: [Node] }
    interface Node @join__type(graph: A) { x(y: Int): Int z: Int }
    type T implements Node @join__implements(graph: A, interface: "Node") @join__type(graph: A) { x(y: Int): Int z: Int }
    type U implements Node @join__implements(graph: A, interface: "Node") @join__type(graph: A) { x(y: Int): Int z: Int }
    """
    assert fetches(types, "{ nodes { x(y: 1) z } }") == ["a: query{nodes{__typename x(y: 1) z}}"]
    assert fetches(types, "{ nodes { x ... on T { z } } }") == ["a: query{nodes{__typename x ...on T{z}}}"]
