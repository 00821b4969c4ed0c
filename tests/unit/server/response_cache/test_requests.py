"""A request for entities, taken apart into what can be kept and put together again."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.errors import FetchError
from gateway.planning.plan import EntityFetch, Fetch
from gateway.server.response_cache.requests import Requested, read_request
from gateway.server.response_cache.tags import Tagging

DOCUMENT = (
    "query Q__nodes__1($r0: [_Any!]!, $r1: [_Any!]!, $lang: String) {"
    "a: _entities(representations: $r0) {... on Node {name}} "
    "b: _entities(representations: $r1) {... on Node {title(lang: $lang)}}}"
)
FETCH = Fetch(
    id=1,
    subgraph="nodes",
    operation_kind="query",
    document=DOCUMENT,
    operation_name="Q__nodes__1",
    variables=("lang",),
    entities=(EntityFetch("a", "r0", (), ()), EntityFetch("b", "r1", (), ())),
)


def node(id_: int) -> dict[str, Any]:
    return {"__typename": "Node", "id": str(id_)}


def body(first: list[int], second: list[int], *, document: str = DOCUMENT, lang: str = "en") -> bytes:
    lists = {"r0": [node(id_) for id_ in first], "r1": [node(id_) for id_ in second]}
    return json.dumps(
        {"query": document, "operationName": "Q", "variables": {"lang": lang, **lists}}
    ).encode()


def read(nodes: Tagging, text: bytes) -> Requested:
    requested = read_request(FETCH, text, nodes)
    assert requested is not None
    return requested


def answer_to(asked: bytes) -> Any:
    """What a subgraph answers: each entity names its field and its id."""
    variables = json.loads(asked)["variables"]
    pairs = (("a", "r0"), ("b", "r1"))
    return {alias: [alias + each["id"] for each in variables[name]] for alias, name in pairs}


@given(st.data())
def test_what_is_missing_comes_to_its_place(nodes: Tagging, data: st.DataObject) -> None:
    ids = st.lists(st.integers(0, 9), unique=True, max_size=5)
    text = body(data.draw(ids), data.draw(ids))
    requested = read(nodes, text)
    missing = sorted(
        data.draw(
            st.sets(st.sampled_from(range(len(requested.items)))) if requested.items else st.just(set())
        )
    )
    whole = answer_to(text)
    values = [json.dumps(value).encode() for value in (*whole["a"], *whole["b"])]
    known = [b"null" if number in missing else value for number, value in enumerate(values)]
    asked = requested.body(missing)
    assert json.loads(asked)["operationName"] == "Q"
    assert json.loads(asked)["variables"]["lang"] == "en"
    fetched = requested.split(msgspec.Raw(json.dumps(answer_to(asked)).encode()), missing, has_errors=False)
    for number, value in zip(missing, fetched, strict=True):
        known[number] = value
    assert json.loads(requested.join(known)) == whole


def test_an_error_is_told_at_the_place_of_its_entity(nodes: Tagging) -> None:
    requested = read(nodes, body([1, 2, 3], [4, 5]))
    missing = [1, 2, 4]
    assert requested.place(["a", 1, "name"], missing) == ["a", 2, "name"]
    assert requested.place(["b", 0], missing) == ["b", 1]
    assert requested.place(["b", 1], missing) == []


@pytest.mark.parametrize(
    "data", [b'{"a":["1"],"b":[]}', b'{"a":["1","2","3"],"b":[]}', b'{"a":null,"b":[]}', b"[]", b"7"]
)
def test_entities_that_are_not_those_asked_for_are_none(nodes: Tagging, data: bytes) -> None:
    requested = read(nodes, body([1, 2, 3], []))
    with pytest.raises(FetchError, match="do not match"):
        requested.split(msgspec.Raw(data), [0, 1], has_errors=False)


def test_only_what_an_entity_is_asked_with_tells_it_apart(nodes: Tagging) -> None:
    (first, second), (other, other_second) = (
        read(nodes, body([1], [1], lang=lang)).items for lang in ("en", "de")
    )
    assert first.identity == other.identity
    assert first.identity != second.identity != other_second.identity


def test_a_request_of_another_document_is_not_taken_apart(nodes: Tagging) -> None:
    """Contexts that differ multiply the fields of the document."""
    assert read_request(FETCH, body([1], [1], document=DOCUMENT + " "), nodes) is None
