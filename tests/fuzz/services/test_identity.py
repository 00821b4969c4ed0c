"""Whatever is sent to identity, it answers as its contract says and never with a defect."""

import base64
import json
import urllib.request
from typing import Any

import schemathesis
from graphql import print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgraphs.identity.api import schema
from subgraphs.identity.app import service

REFUSALS = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "GRAPHQL_UNKNOWN_OPERATION_NAME",
    "UNAUTHORIZED",
    "OVERLOADED",
}
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


ENVIRONMENT = {
    "DATABASE_URL": "postgresql:///unused",
    "REDIS_URL": "redis://unused",
    "HANSA_ISSUER": "https://hansa.example",
    "HANSA_JWKS_URL": "http://127.0.0.1:9",
    "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode(),
}
DOORS = schemathesis.openapi.from_dict(service.create_app(ENVIRONMENT).openapi_schema.to_schema())
GRAPH = schemathesis.graphql.from_file(print_schema(schema._schema)).exclude(name="Query._entities")


def post(identity: str, query: str, **variables: Any) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{identity}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def codes(body: bytes) -> set[str]:
    return {error["extensions"]["code"] for error in json.loads(body).get("errors", ())}


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, identity: str) -> None:
    case.call_and_validate(base_url=identity)


@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, identity: str) -> None:
    assert codes(post(identity, case.body)) <= REFUSALS


@quick
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["__typename", "id", "x"]),
            st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["User", "Whale"]),
        ),
        max_size=5,
    )
)
def test_no_representation_is_a_defect(identity: str, representations: list[Any]) -> None:
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }"
    assert codes(post(identity, query, r=representations)) <= {"INVALID_REPRESENTATION"}
