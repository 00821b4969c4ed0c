"""A plan over subgraphs on loopback, one of which behaves badly: its fields are null, the rest stands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from common.http import TransportLimits, open_transport
from gateway.execution import ExecutionResult, RequestContext, compile_plan
from gateway.planning.plan import (
    Each,
    EntityFetch,
    Fetch,
    Key,
    QueryPlan,
    Representation,
    RequiredField,
    Sequence,
)

SCHEMA = build_schema("type Query { users: [User!] } type User { id: ID! name: String }")
NAMES = EntityFetch(
    "_entities",
    "r",
    ((Key("users"), Each()),),
    (Representation("User", ("User",), (RequiredField("id", "id"),)),),
)
NODE = Sequence(
    (
        Fetch(0, "ids", "query", "{users{__typename id}}"),
        Fetch(
            1,
            "names",
            "query",
            "query($r:[_Any!]!){_entities(representations:$r){...on User{name}}}",
            entities=(NAMES,),
        ),
    )
)
(OPERATION,) = parse("{ users { id name } }").definitions
assert isinstance(OPERATION, OperationDefinitionNode)
COMPILED = compile_plan(QueryPlan(OPERATION, {}, NODE), SimpleNamespace(api_schema=SCHEMA))  # type: ignore[arg-type] # all that is read of it

USERS = b'{"data":{"users":[{"__typename":"User","id":"1"},{"__typename":"User","id":"2"}]}}'
GOOD = b'{"data":{"_entities":[{"name":"Ada"},{"name":"Bob"}]}}'
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[..., Awaitable[ExecutionResult]]


def http(body: bytes, status: str = "200 OK", content_type: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def sending(data: bytes, *, then_wait: bool = False) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.write(data)
        await writer.drain()
        if then_wait:
            await reader.read()

    return handle


async def serve(handle: Handler) -> tuple[asyncio.Server, str]:
    async def handle_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    server = await asyncio.start_server(handle_and_close, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Executes over a good subgraph `ids` and a subgraph `names` that behaves as given."""
    servers: list[asyncio.Server] = []
    transports: list[Any] = []

    async def execute(names: Handler | str, seconds: float = 5.0) -> ExecutionResult:
        urls = {}
        for name, handle in (("ids", sending(http(USERS))), ("names", names)):
            if isinstance(handle, str):
                urls[name] = handle
                continue
            server, urls[name] = await serve(handle)
            servers.append(server)
        limits = TransportLimits(max_response_size=1_000_000)
        opened = {name: open_transport(url, limits=limits) for name, url in urls.items()}
        transports.extend(opened.values())
        deadline = asyncio.get_running_loop().time() + seconds
        context = RequestContext(transports=opened, headers=lambda _: (), deadline=deadline)
        return await COMPILED.execute({}, context)

    yield execute
    for transport in transports:
        await transport.close()
    for server in servers:
        server.close()
    await asyncio.sleep(0.01)


def chunked(body: bytes) -> bytes:
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 9]), body[at : at + 9]) for at in range(0, len(body), 9)
    )
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@pytest.mark.parametrize("data", [http(GOOD), chunked(GOOD), http(GOOD, "500 Internal Server Error")])
async def test_good_answers(ask: Ask, data: bytes) -> None:
    result = await ask(sending(data))
    assert result.encode() == b'{"data":{"users":[{"id":"1","name":"Ada"},{"id":"2","name":"Bob"}]}}'


@pytest.mark.parametrize(
    ("data", "reason", "code"),
    [
        (b"", "connection closed", "SUBREQUEST_HTTP_ERROR"),
        (http(GOOD)[:-9], "malformed HTTP response", "SUBREQUEST_MALFORMED_RESPONSE"),
        (chunked(GOOD)[:-9], "malformed HTTP response", "SUBREQUEST_MALFORMED_RESPONSE"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed HTTP response", "SUBREQUEST_MALFORMED_RESPONSE"),
        (
            http(b"<html>at 10.0.0.7</html>", content_type="text/html"),
            "the response is not a GraphQL response",
            "SUBREQUEST_MALFORMED_RESPONSE",
        ),
        (
            http(b"<html>at 10.0.0.7</html>", "503 Service Unavailable", "text/html"),
            "HTTP status 503",
            "SUBREQUEST_HTTP_ERROR",
        ),
        (
            http(b'{"data":{"_entities":[{"name":"\xff\xfe"},null]}}'),
            "the response is not a GraphQL response",
            "SUBREQUEST_MALFORMED_RESPONSE",
        ),
        (
            http(b'{"data":{"_entities":[{"name":"Ada"}]}}'),
            "the entities do not match the representations",
            "SUBREQUEST_MALFORMED_RESPONSE",
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + bytes(2_000_000),
            "response too large",
            "SUBREQUEST_HTTP_ERROR",
        ),
    ],
)
async def test_a_bad_answer_costs_its_own_fields_only(ask: Ask, data: bytes, reason: str, code: str) -> None:
    result = await ask(sending(data))
    assert result.data == {"users": [{"id": "1", "name": None}, {"id": "2", "name": None}]}
    assert result.errors == [
        {
            "message": f"Request to subgraph 'names' failed: {reason}",
            "path": ["users", index],
            "extensions": {"code": code, "service": "names"},
        }
        for index in (0, 1)
    ]


async def test_a_subgraph_that_is_down(ask: Ask) -> None:
    result = await ask("http://127.0.0.1:1/graphql")
    assert result.data == {"users": [{"id": "1", "name": None}, {"id": "2", "name": None}]}
    assert result.errors[0]["message"] == "Request to subgraph 'names' failed: connection refused"


@pytest.mark.parametrize("data", [b"", http(GOOD)[:-9]])
async def test_a_subgraph_slower_than_the_deadline(ask: Ask, data: bytes) -> None:
    result = await ask(sending(data, then_wait=True), seconds=0.1)
    assert result.data == {"users": [{"id": "1", "name": None}, {"id": "2", "name": None}]}
    assert {error["extensions"]["code"] for error in result.errors} == {"GATEWAY_TIMEOUT"}


async def test_no_error_holds_an_address_or_a_body(ask: Ask) -> None:
    for names in ("http://127.0.0.1:1/graphql", sending(http(b"<html>at 10.0.0.7</html>", "500 Oops"))):
        text = msgspec.json.encode((await ask(names)).errors)
        assert not any(part in text for part in (b"127.0.0.1", b"10.0.0.7", b"html", b"Errno"))
