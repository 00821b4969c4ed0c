"""Whatever bytes come to `POST /graphql`, which all services share, are answered or refused."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.services.fuzzing import Running, quick

SERVICE = "inventory"
STATUSES = {200, 400, 401, 413, 415, 504}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
QUERIES = st.text() | st.sampled_from(
    [
        "query ($first: Int, $search: String) { products(first: $first, search: $search) { edges { cursor } } }",
        "query ($after: String) { products(after: $after) { pageInfo { endCursor } } }",
        "query ($id: ID, $sku: String) { product(id: $id, sku: $sku) { name } }",
        "subscription { x }",
    ]
)
variables = st.dictionaries(st.sampled_from(["first", "after", "search", "id", "sku"]), anything)
requests = st.fixed_dictionaries(
    {}, optional={"query": QUERIES | anything, "variables": variables | anything, "operationName": anything}
)
headers = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30)
        for name in ("authorization", "content-type", "traceparent", "hansa-deadline-ms")
    },
)


def check(answer: tuple[int, bytes]) -> None:
    status, body = answer
    assert status in STATUSES
    errors = json.loads(body).get("errors", ())
    assert "INTERNAL_SERVER_ERROR" not in {error["extensions"]["code"] for error in errors}


@quick
@given(st.binary(), headers)
def test_bytes_are_refused(service: Running, body: bytes, headers: dict[str, str]) -> None:
    check(service.post(body, **headers))


@quick
@given(requests, st.booleans())
def test_json_is_answered_or_refused(service: Running, request_: dict[str, Any], signed_in: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by place
    check(service.post(json.dumps(request_).encode(), signed_in=signed_in))
