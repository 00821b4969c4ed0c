"""Source streams of a real subgraph, over each protocol, in this process and over a socket."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from common.http.tls import Certificate, server_tls
from gateway.server.config import ConfigError, parse_config
from gateway.server.router import Router
from tests.integration.server.authority import Authority
from tests.integration.streaming.conftest import served
from tests.integration.subscriptions.clients import NAMED_PRICES, PRICES, events, streamed
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes, prices_app

PROTOCOLS = ("graphql_ws", "sse", "multipart")
TLS = "tls: {{subgraph: {{all: {{certificate_authorities: '${{env.CA}}'{shown}}}}}}}"
SHOWN = ", client_authentication: {certificate_chain: '${env.CHAIN}', key: '${env.KEY}'}"


@pytest.fixture(params=["in process", "tcp"])
async def prices_url(request: pytest.FixtureRequest, changes: Changes) -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        if request.param == "in process":
            yield "app://prices/graphql"
        else:
            server = await stack.enter_async_context(served(prices_app(changes), port=0))
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/graphql"


@pytest.fixture(params=PROTOCOLS)
def router(request: pytest.FixtureRequest, make_router: MakeRouter, prices_url: str) -> Router:
    return make_router(configured(protocol=request.param), prices_url=prices_url)


async def test_events_become_responses_with_what_other_subgraphs_know(
    router: Router, changes: Changes
) -> None:
    async with streamed(router, NAMED_PRICES) as response:
        received = events(response)
        await changes.listeners(1)
        for price in (5, 6):
            await changes.publish(("1", price))
            product = {"id": "1", "price": price, "name": "Chair"}
            assert await anext(received) == ("next", {"data": {"priceChanged": product}})
        await changes.publish(None)
        assert [event async for event in received] == [("complete", None)]


async def test_a_client_that_leaves_ends_the_source_stream(router: Router, changes: Changes) -> None:
    async with streamed(router):
        await changes.listeners(1)
    await changes.listeners(0)


async def test_what_a_subgraph_refuses_is_the_streams_only_answer(router: Router, changes: Changes) -> None:
    async with streamed(router, "subscription { priceChanged { price } }") as response:
        await changes.listeners(1)
        await changes.publish(RuntimeError("the database at 10.0.0.7 said no"))
        received = [event async for event in events(response)]
    names = [name for name, _ in received]
    assert names == ["next", "complete"]
    assert received[0][1]["errors"][0]["message"] == "Subgraph errors redacted"


async def test_variables_reach_the_subgraph(router: Router, changes: Changes) -> None:
    query = "subscription($of: ID) { priceChanged(of: $of) { id price } }"
    async with streamed(router, query, variables={"of": "2"}) as response:
        await changes.listeners(1)
        await changes.publish(("1", 5), ("2", 7))
        assert (await anext(events(response)))[1] == {"data": {"priceChanged": {"id": "2", "price": 7}}}


async def test_a_field_of_one_event_that_fails_ends_nothing(router: Router, changes: Changes) -> None:
    async with streamed(router, NAMED_PRICES) as response:
        received = events(response)
        await changes.listeners(1)
        await changes.publish(("9", 5), ("1", 6))
        _, failed = await anext(received)
        assert (failed["data"], len(failed["errors"])) == (None, 1)
        _, answered = await anext(received)
        assert answered == {"data": {"priceChanged": {"id": "1", "price": 6, "name": "Chair"}}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_subgraph_that_dies_is_an_error_and_the_end(
    make_router: MakeRouter, changes: Changes, protocol: str
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(prices_app(changes), port=0))
        port = server.servers[0].sockets[0].getsockname()[1]
        router = make_router(configured(protocol=protocol), prices_url=f"http://127.0.0.1:{port}/graphql")
        async with streamed(router, PRICES) as response:
            received = events(response)
            await changes.listeners(1)
            await changes.publish(("1", 5))
            await anext(received)
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
            rest = [event async for event in received]
    (name, failed), last = rest
    assert (name, last) == ("next", ("complete", None))
    assert failed["errors"][0]["extensions"] == {"code": "SUBREQUEST_HTTP_ERROR", "service": "prices"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("shows", [True, False])
async def test_a_subgraph_knows_the_router_by_its_certificate(
    make_router: MakeRouter, changes: Changes, protocol: str, *, shows: bool
) -> None:
    authority = Authority()
    context = server_tls(Certificate(*authority.issue()))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem)
    environment = dict(zip(("CHAIN", "KEY"), authority.issue(), strict=True)) | {"CA": authority.pem}
    config = configured(TLS.format(shown=SHOWN if shows else ""), protocol, environment)
    async with served(prices_app(changes), port=0, ssl_context_factory=lambda _, __: context) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        router = make_router(config, prices_url=f"https://127.0.0.1:{port}/graphql")
        async with streamed(router, PRICES) as response:
            received = events(response)
            if shows:
                await changes.listeners(1)
                await changes.publish(("1", 5))
            _, answer = await anext(received)
    assert ("errors" in answer) is not shows


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_subgraph_that_is_not_there_is_an_error_and_the_end(
    make_router: MakeRouter, protocol: str
) -> None:
    router = make_router(configured(protocol=protocol), prices_url="http://127.0.0.1:9/graphql")
    async with streamed(router, PRICES) as response:
        (name, failed), last = [event async for event in events(response)]
    assert (name, last) == ("next", ("complete", None))
    assert failed["errors"][0]["extensions"]["code"] == "SUBREQUEST_HTTP_ERROR"


async def test_headers_reach_the_subgraph_with_the_handshake_and_as_its_payload(
    changes: Changes, make_router: MakeRouter
) -> None:
    config = configured("headers: {all: {request: [{propagate: {named: authorization}}]}}")
    async with streamed(make_router(config), headers=(("authorization", "Bearer x"), ("other", "y"))):
        await changes.listeners(1)
    (seen,) = changes.seen
    assert (seen["authorization"], seen["init:authorization"]) == ("Bearer x", "Bearer x")
    assert "other" not in seen


class Silent:
    """A subgraph that acknowledges, pings, and from then on says nothing; `heard` is what it was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        await receive()
        for kind in ("connection_ack", "ping"):
            await send({"type": "websocket.send", "text": f'{{"type":"{kind}"}}'})
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(msgspec.json.decode(message["text"])["type"])


async def test_a_silent_subgraph_is_pinged_and_given_up(make_router: MakeRouter) -> None:
    silent = Silent()
    mode = "subscription: {enabled: true, mode: {passthrough: {all: {heartbeat_interval: 50ms}}}}"
    router = make_router(parse_config(mode, {}), prices_url="app://silent/graphql", silent=silent)
    async with streamed(router) as response:
        (_, failed), last = [event async for event in events(response)]
    assert failed["errors"][0]["message"].endswith("the subgraph does not answer pings")
    assert last == ("complete", None)
    assert silent.heard == ["subscribe", "pong", "ping"]


async def test_a_subgraph_is_asked_at_the_path_that_the_configuration_names(
    make_router: MakeRouter, changes: Changes
) -> None:
    mode = "subscription: {enabled: true, mode: {passthrough: {subgraphs: {prices: {path: /graphql}}}}}"
    router = make_router(parse_config(mode, {}), prices_url="app://prices/elsewhere")
    async with streamed(router):
        await changes.listeners(1)


@pytest.mark.parametrize(
    ("value", "seconds"), [("disabled", 0), ("enabled", 10), ("1m 30s", 90), ("500ms", 0.5)]
)
def test_a_heartbeat_interval_is_a_duration_or_a_word(value: str, seconds: float) -> None:
    mode = f"subscription: {{mode: {{passthrough: {{all: {{heartbeat_interval: {value}}}}}}}}}"
    passthrough = parse_config(mode, {}).subscription.mode.passthrough
    assert passthrough is not None
    assert passthrough.all is not None
    assert passthrough.all.heartbeat_interval == seconds


@pytest.mark.parametrize("keys", ["protocol: graphql_transport_ws", "heartbeat_interval: often", "port: 1"])
def test_what_cannot_be_meant_is_refused(keys: str) -> None:
    with pytest.raises(ConfigError):
        parse_config(f"subscription: {{mode: {{passthrough: {{all: {{{keys}}}}}}}}}", {})


EXCHANGED = """headers: {all: {request: [{propagate: {named: authorization}}]}}
authentication: {subgraph: {token_exchange: {url: app://issuer/oauth/token, client_secret: s}}}"""


async def issuer(_scope: Any, receive: Any, send: Any) -> None:
    """Exchanges a token for one of the audience's that says for how long it was asked; none of Mallory's."""
    fields = parse_qs((await receive())["body"].decode())
    token = "@".join(fields[name][0] for name in ("subject_token", "audience", "hansa_lifetime"))
    status = 400 if "mallory" in token else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    body = msgspec.json.encode({"access_token": token, "expires_in": 600})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_stream_begins_with_a_token_of_the_subgraphs_own_that_lasts_as_long(
    make_router: MakeRouter, changes: Changes, protocol: str
) -> None:
    router = make_router(configured(EXCHANGED, protocol=protocol), issuer=issuer)
    async with streamed(router, headers=(("authorization", "Bearer alice"),)) as response:
        await changes.listeners(1)
        assert changes.seen[0]["authorization"] == "Bearer alice@prices@subject_token"
        assert "Bearer alice" not in changes.seen[0].values()
        await changes.publish(("1", 5))
        assert (await anext(events(response)))[1] == {"data": {"priceChanged": {"id": "1", "price": 5}}}
    await changes.listeners(0)
    async with streamed(router, headers=(("authorization", "Bearer mallory"),)) as response:
        name, body = await anext(events(response))
    assert (name, body["errors"][0]["extensions"]["code"]) == ("next", "SUBREQUEST_HTTP_ERROR")
    assert len(changes.seen) == 1
