"""Whatever a client sends, the router answers it as GraphQL over HTTP says, and never with a defect of its own."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from graphql import print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.server.config import LOCAL
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import products, reviews

SUPERGRAPH = Supergraph.from_sdl(Path("tests/integration/server/supergraph.graphql").read_text())
SCHEMA = schemathesis.graphql.from_file(print_schema(SUPERGRAPH.api_schema))
STATUSES = {200, 400, 405, 406, 413, 415}

schemathesis_settings = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Client:
    """Sends raw ASGI requests to a router over two subgraphs."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._router = Router(SUPERGRAPH, LOCAL, apps={"products": products(), "reviews": reviews()})

    def send(
        self, method: str, body: bytes, headers: list[tuple[bytes, bytes]], query: bytes = b""
    ) -> tuple[int, Any]:
        return self._runner.run(self._send(method, body, headers, query))

    def post(self, body: Any) -> tuple[int, Any]:
        return self.send("POST", json.dumps(body).encode(), [(b"content-type", b"application/json")])

    def close(self) -> None:
        self._runner.run(self._router.close())
        self._runner.close()

    async def _send(
        self, method: str, body: bytes, headers: list[tuple[bytes, bytes]], query: bytes
    ) -> tuple[int, Any]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": query,
            "headers": headers,
        }
        await self._router(scope, receive, send)
        start, end = sent
        return start["status"], json.loads(end["body"])


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


def assert_graphql(answer: tuple[int, Any]) -> None:
    status, body = answer
    assert status in STATUSES
    assert body.keys() <= {"data", "errors", "extensions"}
    assert "data" in body or body["errors"]
    for error in body.get("errors", ()):
        assert isinstance(error["message"], str)
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"


def post_case(client: Client, case: Any) -> None:
    assert_graphql(client.post({"query": case.body}))


@SCHEMA.parametrize()
@schemathesis_settings
def test_every_operation_of_the_schema_is_answered(case: Any, client: Client) -> None:
    post_case(client, case)


headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"content-type", b"accept", b"content-length", b"authorization", b"traceparent", b"x"]
        ),
        st.one_of(
            st.sampled_from(
                [b"application/json", b"application/graphql-response+json", b"*/*", b"text/plain"]
            ),
            st.binary(max_size=30),
        ),
    ),
    max_size=4,
)
bodies = st.one_of(st.binary(max_size=200), st.just(b'{"query":"{__typename}"}'))


@given(st.sampled_from(["GET", "POST", "PUT", "X"]), bodies, headers, st.binary(max_size=50))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_request_is_answered(
    client: Client, method: str, body: bytes, headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    assert_graphql(client.send(method, body, headers, query))


NAMES = [
    "products",
    "id",
    "name",
    "reviews",
    "body",
    "first",
    "Product",
    "Query",
    "on",
    "F",
    "__typename",
    "$n",
    "1",
]
PUNCTUATORS = [
    "{",
    "}",
    "(",
    ")",
    "...",
    ":",
    "!",
    "@skip(if: true)",
    '"',
    '"""',
    "#",
    "\n",
    "query",
    "fragment",
    "mutation",
]
documents = st.one_of(
    st.lists(st.sampled_from(NAMES + PUNCTUATORS), max_size=40).map(" ".join),
    st.text(max_size=100),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(documents)
@settings(max_examples=300, deadline=None)
def test_any_document_is_answered(client: Client, document: str) -> None:
    assert_graphql(client.post({"query": document or " "}))


@given(st.dictionaries(st.sampled_from(["n", "id", "name", "x"]), values))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_variables_are_answered(client: Client, variables: dict[str, Any]) -> None:
    for query in (
        "query($n: Int = 2) {products(first: $n) {name}}",
        "mutation($id: ID!, $name: String!) {rename(id: $id, name: $name) {id name}}",
    ):
        assert_graphql(client.post({"query": query, "variables": variables}))
