"""Whatever a client sends, the router answers it as GraphQL over HTTP says, and never with a defect of its own."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from graphql import print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.server.config import LOCAL, RouterConfig, parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import products, reviews

SUPERGRAPH = Supergraph.from_sdl(Path("tests/integration/server/supergraph.graphql").read_text())
SCHEMA = schemathesis.graphql.from_file(print_schema(SUPERGRAPH.api_schema))
STATUSES = {200, 400, 405, 406, 413, 415, 422}
EVERYTHING = parse_config(
    """
    supergraph: {introspection: true}
    batching: {enabled: true, maximum_size: 3}
    preview_file_uploads: {enabled: true, protocols: {multipart: {limits: {max_file_size: 100, max_files: 2}}}}
    cors: {policies: [{origins: ["https://app.example"], match_origins: ["[.]example$"], allow_credentials: true}]}
    """,
    {},
)
DECODERS = {b"gzip": gzip.decompress, b"deflate": zlib.decompress, b"": bytes}

schemathesis_settings = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Client:
    """Sends raw ASGI requests to a router over two subgraphs."""

    def __init__(self, config: RouterConfig) -> None:
        self._runner = asyncio.Runner()
        self._router = Router(SUPERGRAPH, config, apps={"products": products(), "reviews": reviews()})

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
        body = DECODERS[dict(start["headers"]).get(b"content-encoding", b"")](end["body"])
        if start["status"] == 201:
            return 201, body
        return start["status"], json.loads(body or "null")


@pytest.fixture(scope="module", params=[LOCAL, EVERYTHING], ids=["default", "everything"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    client = Client(request.param)
    yield client
    client.close()


def assert_graphql(answer: tuple[int, Any]) -> None:
    status, body = answer
    if status == 201:  # the token of a reserved stream
        assert len(body) > 20
        return
    assert status in STATUSES
    if body is None:  # a preflight's
        assert status == 200
        return
    for each in body if isinstance(body, list) else [body]:
        assert_response(each)


def assert_response(body: Any) -> None:
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
            [
                b"content-type",
                b"accept",
                b"content-length",
                b"authorization",
                b"traceparent",
                b"origin",
                b"sec-fetch-site",
                b"apollo-require-preflight",
                b"access-control-request-method",
                b"access-control-request-headers",
                b"accept-encoding",
                b"content-encoding",
                b"x",
            ]
        ),
        st.one_of(
            st.sampled_from(
                [
                    b"application/json",
                    b"application/graphql-response+json",
                    b"*/*",
                    b"text/plain",
                    b"https://app.example",
                    b"cross-site",
                    b"gzip",
                    b"deflate;q=0.5, *;q=0.1",
                ]
            ),
            st.binary(max_size=30),
        ),
    ),
    max_size=6,
)
TYPENAME = b'{"query":"{__typename}"}'
bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([TYPENAME, b"[" + TYPENAME + b"]", gzip.compress(TYPENAME), zlib.compress(TYPENAME)]),
)


@given(st.sampled_from(["GET", "POST", "OPTIONS", "PUT", "X"]), bodies, headers, st.binary(max_size=50))
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


persisted = st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(1) | values,
        "sha256Hash": st.sampled_from(["0" * 64, "d2bb", sha256(b"{__typename}").hexdigest()]) | values,
    },
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(["{__typename}", "{nowhere}", "mutation {__typename}"]) | values,
        "extensions": st.fixed_dictionaries({"persistedQuery": persisted | values}) | values,
    },
)


@given(requests | st.lists(requests | values, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_hash_and_any_batch_are_answered(client: Client, body: Any) -> None:
    status, answer = client.post(body)
    assert_graphql((status, answer))
    if isinstance(answer, list):
        assert len(answer) == len(body)


RENAME = b'{"query":"mutation($n: String!) {rename(id: 1, name: $n) {id}}","variables":{"n":null}}'
contents = st.one_of(
    values.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([RENAME, TYPENAME, b'{"0":["variables.n"]}', b'{"0":["variables.n.0","x"],"1":[]}']),
    st.binary(max_size=150),
)
fields = st.tuples(st.sampled_from(["operations", "map", "0", "1", "", "\r", '"']), contents)
FORM = [(b"content-type", b"multipart/form-data; boundary=x"), (b"apollo-require-preflight", b"true")]


def form(parts: list[tuple[str, bytes]]) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (name.encode(), content) for name, content in parts) + b"--x--"


@given(
    st.lists(fields, max_size=5).map(form)
    | st.tuples(contents, contents, contents).map(
        lambda parts: form([*zip(["operations", "map", "0"], parts, strict=True)])
    )
    | st.binary(max_size=200)
)
@settings(max_examples=300, deadline=None)
def test_any_form_is_answered(client: Client, body: bytes) -> None:
    assert_graphql(client.send("POST", body, FORM))
