import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.errors import RequestError
from gateway.server.http.parameters import Parameters, from_get, from_post

JSON = "application/json"


def test_a_json_body_holds_the_parameters() -> None:
    body = b'{"query":"{a}","operationName":"A","variables":{"x":1},"extensions":{},"id":"ignored"}'
    assert from_post("application/json; charset=UTF-8", body) == Parameters("{a}", "A", {"x": 1}, {})


@pytest.mark.parametrize("member", ["operationName", "variables", "extensions"])
def test_null_counts_as_not_given(member: str) -> None:
    assert from_post(JSON, json.dumps({"query": "{a}", member: None}).encode()) == Parameters("{a}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"query":"{a}"} {', "not JSON"),
        (b"null", "not a GraphQL request"),
        (b'"{a}"', "not a GraphQL request"),
        (b'[{"query":"{a}"}]', "batching is not enabled"),
        (b'{"query":1}', r"\$.query"),
        (b'{"query":"{a}","variables":[]}', r"\$.variables"),
        (b'{"query":"{a}","variables":"{}"}', r"\$.variables"),
        (b'{"query":"{a}","operationName":{}}', r"\$.operationName"),
        (b'{"query":"{a}","extensions":1}', r"\$.extensions"),
        (b'{"query":"{a}","query":"{b}"}', "`query` 2 times"),
        (b'{"query":"{\xff}"}', "not UTF-8"),
        (b'{"query":"{a}","x":"\xff"}', "not UTF-8"),
        (b'{"query":"\\ud800"}', "not JSON"),
        (b'{"query":"{a}","variables":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "nested too deeply"),
    ],
)
def test_a_body_that_is_no_request_is_400_and_says_why(body: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        from_post(JSON, body)
    assert caught.value.status == 400
    assert not caught.value.well_formed


def test_a_name_that_is_a_value_elsewhere_is_no_duplicate() -> None:
    body = b'{"query":"{a}","variables":{"query":1,"variables":{"query":2}}}'
    assert from_post(JSON, body).variables == {"query": 1, "variables": {"query": 2}}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/graphql",
        "multipart/form-data",
        "application/json; charset=utf-16",
    ],
)
def test_another_content_type_is_415(content_type: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        from_post(content_type, b'{"query":"{a}"}')
    assert caught.value.status == 415


def test_a_url_holds_the_parameters() -> None:
    query = urlencode({"query": "{a}", "operationName": "A", "variables": '{"x":[1]}', "other": "ignored"})
    assert from_get(query.encode()) == Parameters("{a}", "A", {"x": [1]}, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"query=%7Ba%7D&query=%7Bb%7D", "`query` is given 2 times"),
        (b"query=%7Ba%7D&variables=1", "`variables` is not a JSON object"),
        (b"query=%7Ba%7D&variables=%7B", "`variables` is not a JSON object"),
        (b"query=%7Ba%7D&extensions=[]", "`extensions` is not a JSON object"),
        (b"query=%ff", "not UTF-8"),
        (b"query=\xff", "not UTF-8"),
        (b"&".join(b"a%d=1" % index for index in range(200)), "too many parameters"),
    ],
)
def test_a_url_that_is_no_request_is_400_and_says_why(query: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        from_get(query)
    assert caught.value.status == 400


def outcome(parse: Callable[[], Parameters]) -> int:
    """The HTTP status that comes of it."""
    try:
        parse()
    except RequestError as error:
        return error.status
    return 200


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
members = st.dictionaries(st.sampled_from(["query", "variables", "operationName", "x"]), json_values)


@given(st.binary() | members.map(lambda value: json.dumps(value).encode()))
def test_any_body_gives_parameters_or_a_refusal(body: bytes) -> None:
    assert outcome(lambda: from_post(JSON, body)) in (200, 400)


@given(st.binary())
def test_any_url_gives_parameters_or_a_refusal(query: bytes) -> None:
    assert outcome(lambda: from_get(query)) in (200, 400)
