"""Keys, requirements, provisions and overrides."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.planning import OperationError

Make = Callable[..., Any]

SHOP = """
type Query @join__type(graph: A) @join__type(graph: B) {
  product: Product @join__field(graph: A)
  top: [Product!]! @join__field(graph: A)
  reviews: [Review] @join__field(graph: B)
}
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  price(currency: String): Int @join__field(graph: A) @join__field(graph: C, external: true)
  reviews: [Review] @join__field(graph: B)
  score: Int @join__field(graph: B)
  shipping: Int @join__field(graph: C, requires: "price(currency: \\"EUR\\")")
}
type Review @join__type(graph: B) { body: String product: Product }
"""
ENTITIES = "query($representations:[_Any!]!){_entities(representations:$representations)"


def test_one_subgraph_that_has_all_is_asked_once(fetches: Make) -> None:
    assert fetches(SHOP, "{ product { id name } }") == ["a: query{product{id name}}"]


def test_a_field_of_another_subgraph_is_fetched_by_key(fetches: Make) -> None:
    assert fetches(SHOP, "{ top { name score } }") == [
        "a: query{top{__typename name id}}",
        f"b: {ENTITIES}{{...on Product{{score}}}}}}",
    ]


def test_one_request_serves_several_paths(plan: Make, fetches: Make) -> None:
    operation = "{ product { score } top { score } }"
    assert len(fetches(SHOP, operation)) == 2
    entity = plan(SHOP, operation).node.nodes[1].entities[0]
    assert [path[0].name for path in entity.paths] == ["product", "top"]


def test_different_selections_of_one_subgraph_share_a_request_by_aliases(fetches: Make) -> None:
    assert fetches(SHOP, "{ product { score } top { reviews { body } } }")[1] == (
        "b: query($representations0:[_Any!]!,$representations1:[_Any!]!)"
        "{_e0:_entities(representations:$representations0){...on Product{score}}"
        "_e1:_entities(representations:$representations1){...on Product{reviews{body}}}}"
    )


def test_the_clients_own_variable_named_representations_is_left_alone(fetches: Make) -> None:
    operation = "query ($representations: String) { product { score price(currency: $representations) } }"
    assert "$_representations:[_Any!]!" in fetches(SHOP, operation)[1]


def test_a_required_field_is_fetched_with_its_own_arguments(plan: Make, fetches: Make) -> None:
    operation = '{ product { price(currency: "USD") shipping } }'
    assert fetches(SHOP, operation)[0] == (
        'a: query{product{__typename price(currency: "USD") id _price_0:price(currency: "EUR")}}'
    )
    representation = plan(SHOP, operation).node.nodes[1].entities[0].representations[0]
    assert [(field.name, field.source) for field in representation.selections] == [
        ("id", "id"),
        ("price", "_price_0"),
    ]


def test_a_required_field_that_the_client_selects_alike_is_fetched_once(fetches: Make) -> None:
    operation = '{ product { price(currency: "EUR") shipping } }'
    assert fetches(SHOP, operation)[0] == 'a: query{product{__typename price(currency: "EUR") id}}'


def test_an_alias_of_the_client_does_not_hide_a_key(plan: Make) -> None:
    node = plan(SHOP, "{ product { id: name score } }").node
    assert "_id_0:id" in node.nodes[0].document
    assert node.nodes[1].entities[0].representations[0].selections[0].source == "_id_0"


CHAIN = """
type Query @join__type(graph: A) { t: T @join__field(graph: A) }
type T @join__type(graph: A, key: "a") @join__type(graph: B, key: "a") @join__type(graph: B, key: "b") @join__type(graph: C, key: "b") {
  a: ID! @join__field(graph: A) @join__field(graph: B)
  b: ID! @join__field(graph: B) @join__field(graph: C)
  last: Int @join__field(graph: C)
}
"""


def test_a_key_that_no_subgraph_shares_is_reached_over_another(plan: Make, fetches: Make) -> None:
    assert [text[0] for text in fetches(CHAIN, "{ t { last } }")] == ["a", "b", "c"]
    assert plan(CHAIN, "{ t { last } }").depth == 3


def test_what_no_subgraph_can_answer_is_an_error_that_names_it(plan: Make) -> None:
    types = CHAIN.replace(
        '@join__type(graph: C, key: "b")', '@join__type(graph: C, key: "b", resolvable: false)'
    )
    with pytest.raises(OperationError, match=r"'T\.last'") as caught:
        plan(types, "{ t { a last } }")
    assert caught.value.code == "UNREACHABLE_FIELD"


def test_a_mutation_that_no_subgraph_can_answer_is_an_error(plan: Make) -> None:
    types = """
    type Query @join__type(graph: A) { a: Int }
    type Mutation @join__type(graph: A) { gone: Int @join__field(graph: A, external: true) }
    """
    with pytest.raises(OperationError, match=r"'Mutation\.gone'"):
        plan(types, "mutation { gone }")


def test_a_part_of_a_mutation_that_its_subgraph_cannot_answer_is_an_error(plan: Make) -> None:
    types = """
    type Query @join__type(graph: A) { a: Int }
    type Mutation @join__type(graph: A) { v: V }
    type V @join__type(graph: A) @join__type(graph: B) { a: Int @join__field(graph: A) b: Int @join__field(graph: B) }
    """
    with pytest.raises(OperationError, match=r"'V\.b'"):
        plan(types, "mutation { v { a b } }")


PROVIDES = """
type Query @join__type(graph: A) { u: U @join__field(graph: A, provides: "name") plain: U @join__field(graph: A) }
type U @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
}
"""


def test_a_provided_field_needs_no_fetch_of_its_own(plan: Make) -> None:
    assert plan(PROVIDES, "{ u { name } }").fetch_count == 1
    assert plan(PROVIDES, "{ plain { name } }").fetch_count == 2


OVERRIDE = """
type Query @join__type(graph: A) @join__type(graph: B) {
  x: Int @join__field(graph: A, overrideLabel: "new") @join__field(graph: B, override: "a", overrideLabel: "new")
}
"""


def test_an_override_label_decides_who_is_asked(fetches: Make) -> None:
    assert fetches(OVERRIDE, "{ x }") == ["a: query{x}"]
    assert fetches(OVERRIDE, "{ x }", "new") == ["b: query{x}"]
    assert fetches(OVERRIDE, "{ x }", "another") == ["a: query{x}"]


VALUE = """
type Query @join__type(graph: A) @join__type(graph: B) { v: V }
type V @join__type(graph: A) @join__type(graph: B) { a: Int @join__field(graph: A) b: Int @join__field(graph: B) c: Int }
"""


def test_a_shared_value_without_key_is_put_together_from_both(plan: Make, fetches: Make) -> None:
    assert sorted(fetches(VALUE, "{ v { a b c } }")) == ["a: query{v{a c}}", "b: query{v{b}}"]
    assert plan(VALUE, "{ v { a b c } }").depth == 1
