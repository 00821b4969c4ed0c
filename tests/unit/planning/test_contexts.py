"""Arguments that are read from an object above: @context and @fromContext."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.planning import OperationError
from gateway.planning.plan import ContextArgument, Each, EntityFetch, Key, OfType

Make = Callable[..., Any]


def contextual(name: str, type_name: str = "Int", selection: str = "{ prop }") -> str:
    return (
        f"{name}(x: Int): {type_name} @join__field(graph: A, contextArguments: "
        f'[{{context: "a__c", name: "a", type: "String", selection: "{selection}"}}])'
    )


ENTITIES = "query($representations:[_Any!]!,$contextualArgument_1_0:String){_entities(representations:$representations)"
KEY = '@join__type(graph: A, key: "id")'
SETS = '@context(name: "a__c")'
SHOP = f"""
type Query @join__type(graph: A) {{ t: T ts: [[T]] u: U }}
type T {KEY} {SETS} {{ id: ID! prop: String u: U us: [U!] }}
type U {KEY} {{ id: ID! plain: Int {contextual("field")} {contextual("other")} {contextual("next", "U")} }}
"""


@pytest.fixture
def entities(plan: Make) -> Make:
    """The entity fetches of a plan, in order."""

    def make(types: str, operation: str) -> list[EntityFetch]:
        found: list[EntityFetch] = []

        def visit(node: Any) -> None:
            found.extend(getattr(node, "entities", ()))
            for inner in getattr(node, "nodes", ()):
                visit(inner)

        visit(plan(types, operation).node)
        return found

    return make


def argument(depth: int, *sources: tuple[Any, ...], number: str = "1_0") -> ContextArgument:
    return ContextArgument(f"contextualArgument_{number}", "String", depth, sources)


PROP = (OfType(("T",)), Key("prop"))


def test_the_object_is_entered_anew_after_the_context_is_read(fetches: Make, entities: Make) -> None:
    operation = "{ t { u { plain field } } }"
    assert fetches(SHOP, operation) == [
        "a: query{t{__typename u{__typename plain id} prop}}",
        f"a: {ENTITIES}{{...on U{{field(a:$contextualArgument_1_0)}}}}}}",
    ]
    (entity,) = entities(SHOP, operation)
    assert entity.paths == ((Key("t"), Key("u")),)
    assert entity.context == (argument(1, PROP),)


def test_the_steps_to_the_context_go_through_lists(entities: Make) -> None:
    (entity,) = entities(SHOP, "{ ts { us { field } } }")
    assert entity.paths == ((Key("ts"), Each(), Each(), Key("us"), Each()),)
    assert entity.context == (argument(3, PROP),)


def test_fields_of_one_object_share_a_fetch_and_a_value(fetches: Make) -> None:
    assert fetches(SHOP, "{ t { u { field(x: 1) other } } }")[1].endswith(
        "{...on U{field(x: 1, a:$contextualArgument_1_0) other(a:$contextualArgument_1_0)}}}"
    )


def test_objects_of_several_paths_share_a_request_and_keep_their_own_values(
    entities: Make, plan: Make
) -> None:
    operation = "{ t { u { field } us { field } } }"
    assert plan(SHOP, operation).fetch_count == 2
    assert [entity.context for entity in entities(SHOP, operation)] == [
        (argument(1, PROP),),
        (argument(1, PROP, number="2_0"),),
    ]


def test_what_is_below_a_contextual_field_takes_the_same_values(fetches: Make, entities: Make) -> None:
    operation = "{ t { u { next { field } } } }"
    assert fetches(SHOP, operation)[1].endswith(
        "{...on U{next(a:$contextualArgument_1_0){field(a:$contextualArgument_1_0)}}}}"
    )
    (entity,) = entities(SHOP, operation)
    assert entity.context == (argument(1, PROP),)


def test_a_deferred_field_takes_its_value_in_a_request_of_its_own(plan: Make) -> None:
    node = plan(SHOP, "{ t { u { next { plain ... @defer { field } } } } }").node
    assert node.primary.nodes[1].document.endswith(
        "{...on U{next(a:$contextualArgument_1_0){__typename plain id}}}}"
    )
    (entity,) = node.deferred[0].node.entities
    assert (len(entity.paths[0]), entity.context) == (3, (argument(1, PROP),))


def test_a_client_variable_of_that_name_is_left_alone(fetches: Make) -> None:
    operation = "query ($contextualArgument_1_0: Int) { t { u { field(x: $contextualArgument_1_0) } } }"
    assert "field(x: $contextualArgument_1_0, a:$_contextualArgument_1_0)" in fetches(SHOP, operation)[1]


def test_an_alias_of_the_client_does_not_hide_what_is_read(fetches: Make, entities: Make) -> None:
    operation = "{ t { prop: id u { field } } }"
    assert "_prop_0:prop" in fetches(SHOP, operation)[0]
    (entity,) = entities(SHOP, operation)
    assert entity.context == (argument(1, (OfType(("T",)), Key("_prop_0"))),)


def test_what_is_skipped_reads_no_context(fetches: Make) -> None:
    first = fetches(SHOP, "query ($on: Boolean!) { t { u @include(if: $on) { field } id } }")[0]
    assert "prop @include(if:$on)" in first


def test_a_context_that_nothing_above_sets_is_an_error(plan: Make) -> None:
    with pytest.raises(OperationError, match=r"'U\.field'"):
        plan(SHOP, "{ u { field } }")


def test_nothing_is_read_of_the_root_of_a_subscription(plan: Make) -> None:
    types = f"""
    type Query @join__type(graph: A) {{ u: U }}
    type Subscription @join__type(graph: A) {SETS} {{ changed: U prop: String }}
    type U {KEY} {{ id: ID! {contextual("field")} }}
    """
    with pytest.raises(OperationError, match=r"'U\.field'"):
        plan(types, "subscription { changed { field } }")


def test_the_object_itself_is_not_above(plan: Make) -> None:
    types = f"""
    type Query @join__type(graph: A) {SETS} {{ prop: String u: U }}
    type U {KEY} {SETS} {{ id: ID! prop: String {contextual("field")} }}
    """
    entity = plan(types, "{ u { field } }").node.nodes[1].entities[0]
    assert entity.context == (argument(0, (Key("prop"),)),)


NODES = f"""
type Query @join__type(graph: A) {{ n: N }}
interface N @join__type(graph: A) {SETS} {{ id: ID! u: U }}
type X implements N @join__implements(graph: A, interface: "N") {KEY} {{ id: ID! x: String u: U }}
type Y implements N @join__implements(graph: A, interface: "N") {KEY} {{ id: ID! y: P u: U }}
type P @join__type(graph: A) {{ items: [I] }} type I @join__type(graph: A) {{ name: String }}
type U {KEY} {{ id: ID! {contextual("field", selection="... on X { x } ... on Y { y { items { name } } }")} }}
"""


def test_a_selection_by_types_has_a_source_for_each(fetches: Make, entities: Make) -> None:
    operation = "{ n { u { field } } }"
    assert "...on X{x} ...on Y{y{items{name}}}" in fetches(NODES, operation)[0]
    assert entities(NODES, operation)[0].context[0].sources == (
        (OfType(("X",)), Key("x")),
        (OfType(("Y",)), Key("y"), Key("items"), Each(), Key("name")),
    )


def test_only_the_types_that_are_selected_are_read(fetches: Make) -> None:
    assert "...on Y" not in fetches(NODES, "{ n { ... on X { u { field } } } }")[0]


def test_objects_whose_parent_sets_no_context_read_it_further_up(entities: Make, plan: Make) -> None:
    types = f"""
    type Query @join__type(graph: A) {SETS} {{ n: N prop: String }}
    interface N @join__type(graph: A) {{ u: U }}
    type X implements N @join__implements(graph: A, interface: "N") {KEY} {SETS} {{ id: ID! prop: String u: U }}
    type Y implements N @join__implements(graph: A, interface: "N") {KEY} {{ id: ID! u: U }}
    type U {KEY} {{ id: ID! {contextual("field")} }}
    """
    first, second = entities(types, "{ n { u { field } } }")
    assert first.paths == ((Key("n"), OfType(("X",)), Key("u")),)
    assert first.context == (argument(1, (OfType(("X",)), Key("prop"))),)
    assert second.paths == ((Key("n"), OfType(("Y",)), Key("u")),)
    assert second.context == (argument(0, (Key("prop"),), number="2_0"),)
    assert plan(types, "{ n { u { field } } }").fetch_count == 2


ELSEWHERE = f"""
type Query @join__type(graph: A) @join__type(graph: B) {{ t: T @join__field(graph: A) far: T @join__field(graph: B) }}
type T {KEY} @join__type(graph: B, key: "id") {SETS} {{
  id: ID! prop: String @join__field(graph: A, external: true) @join__field(graph: B) u: U @join__field(graph: A)
}}
type U {KEY} {{ id: ID! {contextual("field")} }}
"""


def test_what_another_subgraph_answers_is_fetched_before(plan: Make, fetches: Make) -> None:
    assert [text[0] for text in fetches(ELSEWHERE, "{ t { u { field } } }")] == ["a", "b", "a"]
    assert plan(ELSEWHERE, "{ t { u { field } } }").depth == 3


def test_fetches_that_are_joined_bring_all_their_values(plan: Make, entities: Make) -> None:
    types = ELSEWHERE.replace(
        contextual("field"), contextual("field") + contextual("near", selection="{ id }")
    )
    assert plan(types, "{ t { u { field near } } }").fetch_count == 3
    entity = entities(types, "{ t { u { field near } } }")[-1]
    assert {found.sources[0][-1] for found in entity.context} == {Key("prop"), Key("id")}


def test_a_value_that_is_known_when_its_object_is_entered_goes_with_it(plan: Make, entities: Make) -> None:
    found = plan(ELSEWHERE, "{ far { u { field } } }")
    assert (found.fetch_count, found.depth) == (2, 2)
    (entity,) = entities(ELSEWHERE, "{ far { u { field } } }")
    assert entity.paths == ((Key("far"),),)
    assert entity.context == (argument(1, PROP),)


def test_the_plan_as_json_says_where_a_variable_is_read(plan: Make) -> None:
    fetch = plan(SHOP, "{ ts { us { field } } }").to_json()["node"]["nodes"][1]["node"]
    assert fetch["variableUsages"] == ["contextualArgument_1_0"]
    assert fetch["contextRewrites"] == [
        {
            "kind": "KeyRenamer",
            "path": ["..", "... on T", "prop"],
            "renameKeyTo": "contextualArgument_1_0",
        }
    ]


def test_a_batch_as_json_says_it_for_each_entity_fetch(plan: Make) -> None:
    batch = plan(SHOP, "{ t { u { field } us { field } } }").to_json()["node"]["nodes"][1]["entityBatch"]
    renamed = [alias["contextRewrites"][0]["renameKeyTo"] for alias in batch["aliases"]]
    assert renamed == ["contextualArgument_1_0", "contextualArgument_2_0"]
