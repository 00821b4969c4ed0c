"""The tags of cached answers, and what is told apart and what is not."""

import json
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.response_cache.invalidation import read_invalidations
from gateway.server.response_cache.tags import (
    TagError,
    Tagging,
    cache_tag,
    entity_tag,
    subgraph_tag,
    type_tag,
)
from gateway.supergraph import Supergraph


def root_tags(tagging: Tagging, query: str, **variables: Any) -> set[str]:
    (operation,) = parse(query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fields = [field for field in operation.selection_set.selections if isinstance(field, FieldNode)]
    tags = tagging.of_root(fields, variables)
    assert tags[:2] == (subgraph_tag("nodes"), type_tag("nodes", "Query"))
    return {json.loads(tag)[2] for tag in tags[2:]}


def entity_tags(tagging: Tagging, representation: Any) -> set[str]:
    return set(tagging.of_entity(json.dumps(representation).encode()).tags)


@pytest.mark.parametrize(
    ("query", "variables", "tags"),
    [
        ('{node(id: "1") {id}}', {}, {"node-1-EN", "nodes"}),
        ("{node(id: 1, lang: DE) {id}}", {}, {"node-1-DE", "nodes"}),
        ("query ($a: ID!) {node(id: $a) {id}}", {"a": "7"}, {"node-7-EN", "nodes"}),
        ('{a: node(id: "1") {id} b: node(id: "2") {id}}', {}, {"node-1-EN", "node-2-EN", "nodes"}),
        ("{by(by: {number: 3}) {id}}", {}, {"by-3"}),
        ("query ($b: By) {by(by: $b) {id}}", {"b": {"number": 4}}, {"by-4"}),
    ],
)
def test_root_fields_have_what_their_arguments_give(
    nodes: Tagging, query: str, variables: Any, tags: set[str]
) -> None:
    assert root_tags(nodes, query, **variables) == tags


@pytest.mark.parametrize("query", ["{by {id}}", "{by(by: {}) {id}}", "{by(by: {number: null}) {id}}"])
def test_a_tag_without_a_value_cannot_be_told(nodes: Tagging, query: str) -> None:
    with pytest.raises(TagError):
        root_tags(nodes, query)


def test_an_entity_has_a_tag_for_each_key_that_it_holds(nodes: Tagging, graph: Supergraph) -> None:
    general = {subgraph_tag("nodes"), type_tag("nodes", "Node"), cache_tag("nodes", "org-1")}
    by_id = entity_tag("nodes", "Node", {"id": "1"})
    by_number = entity_tag("nodes", "Node", {"org": {"id": "5"}, "number": 2})
    whole = {"__typename": "Node", "id": "1", "number": 2, "org": {"id": 5, "more": 0}}
    assert entity_tags(nodes, {"__typename": "Node", "id": "1"}) == general | {by_id}
    assert entity_tags(nodes, whole) == general | {by_id, by_number}
    assert cache_tag("other", "other-1") in entity_tags(
        Tagging(graph, "other"), {"__typename": "Node", "id": "1"}
    )


def test_an_entity_without_what_its_format_names_cannot_be_told(nodes: Tagging) -> None:
    with pytest.raises(TagError):
        entity_tags(nodes, {"__typename": "Node", "number": 2, "org": {"id": "5"}})


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5)), min_size=2, unique=True
    )
)
def test_different_things_have_different_tags(things: list[tuple[str, str, str]]) -> None:
    tags = [cache_tag(subgraph, text + more) for subgraph, text, more in things]
    tags += [entity_tag(subgraph, text, {"id": more}) for subgraph, text, more in things]
    tags += [type_tag(subgraph, text + more) for subgraph, text, more in things]
    distinct = {(kind, a, b + c) for a, b, c in things for kind in ("tag", "type")} | {
        ("entity", *thing) for thing in things
    }
    assert len(set(tags)) == len(distinct)


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), min_size=1, max_size=3))
def test_an_invalidation_finds_an_entity_whatever_the_order_of_its_key(key: dict[str, Any]) -> None:
    turned = {name: str(value) for name, value in reversed(key.items())}
    request = {"kind": "entity", "subgraph": "s", "type": "T", "key": turned}
    assert read_invalidations(json.dumps([request]).encode()) == [("s", entity_tag("s", "T", key))]
