"""What a subgraph is sent beside the operation."""

from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from tests.integration.server.graph import products

RULES = "headers:\n  all:\n    request:\n      - propagate: {matching: .*}\n"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


async def sent(app: Any, client_of: Any, headers: dict[str, str]) -> dict[str, str]:
    async with client_of(app) as client:
        answer = await client.post("/graphql", json={"query": "{headers}"}, headers=headers)
    return dict(line.split(": ", 1) for line in answer.json()["data"]["headers"])


async def test_no_header_of_the_client_is_sent_without_a_rule(make_router: Any, client_of: Any) -> None:
    headers = await sent(make_router(), client_of, {"x-a": "1", "authorization": "Bearer t", "cookie": "c=1"})
    assert not {"x-a", "authorization", "cookie"} & headers.keys()


async def test_a_clients_copy_of_a_platform_header_is_dropped(make_router: Any, client_of: Any) -> None:
    client = {"x-a": "1", "hansa-caller": "root", "Hansa-Deadline-Ms": "999999999"}
    headers = await sent(make_router(parse_config(RULES, {})), client_of, client)
    assert headers["x-a"] == "1"
    assert "hansa-caller" not in headers
    assert int(headers["hansa-deadline-ms"]) <= 30_000


async def test_the_clients_address_is_that_of_its_connection(make_router: Any, serve: Any) -> None:
    claims = {
        "hansa-client-address": "192.0.2.1",
        "x-forwarded-for": "192.0.2.2",
        "forwarded": "for=192.0.2.3",
    }
    app = create_router_app(make_router(parse_config(RULES, {})))
    async with serve(app) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/graphql", json={"query": "{headers}"}, headers=claims)
    lines = answer.json()["data"]["headers"]
    assert [line for line in lines if line.startswith("hansa-client-address")] == [
        "hansa-client-address: 127.0.0.1"
    ]


async def test_no_address_is_told_where_there_is_no_network(make_router: Any) -> None:
    app = httpx.ASGITransport(make_router(), client=("", 0))
    async with httpx.AsyncClient(transport=app, base_url="http://router") as client:
        answer = await client.post("/graphql", json={"query": "{headers}"})
    assert not [line for line in answer.json()["data"]["headers"] if line.startswith("hansa-client-address")]


async def test_the_remaining_time_is_told_in_milliseconds(make_router: Any, client_of: Any) -> None:
    config = parse_config("traffic_shaping:\n  all:\n    timeout: 2s", {})
    headers = await sent(make_router(config), client_of, {})
    assert 1_900 <= int(headers["hansa-deadline-ms"]) <= 2_000


async def test_the_clients_trace_goes_on_and_its_id_comes_back(make_router: Any, client_of: Any) -> None:
    router = make_router()
    headers = await sent(router, client_of, {"traceparent": TRACEPARENT, "tracestate": "a=1"})
    assert headers["traceparent"].split("-")[1] == TRACEPARENT.split("-")[1]
    assert headers["tracestate"] == "a=1"
    async with client_of(router) as client:
        answer = await client.post(
            "/graphql", json={"query": "{__typename}"}, headers={"traceparent": TRACEPARENT}
        )
    assert answer.headers["hansa-trace-id"] == TRACEPARENT.split("-")[1]


@pytest.mark.parametrize("traceparent", ["", "x", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_trace_is_started_where_the_client_brings_none(
    make_router: Any, client_of: Any, traceparent: str
) -> None:
    async with client_of(make_router()) as client:
        ids = [
            (await client.get("/graphql", headers={"traceparent": traceparent})).headers["hansa-trace-id"]
            for _ in range(2)
        ]
    assert all(len(id_) == 32 and set(id_) != {"0"} for id_ in ids)
    assert ids[0] != ids[1]


async def test_headers_are_the_same_in_process_and_over_a_socket(
    make_router: Any, client_of: Any, serve: Any
) -> None:
    config = parse_config(RULES, {})
    client = {"x-a": "1", "traceparent": TRACEPARENT, "user-agent": "test"}
    here = await sent(make_router(config), client_of, client)
    async with serve(products()) as url:
        remote = msgspec.structs.replace(config, override_subgraph_url={"products": f"{url}/graphql"})
        there = await sent(make_router(remote), client_of, client)
    for headers in (here, there):
        for name in ("host", "hansa-deadline-ms", "accept-encoding"):
            headers.pop(name, None)
    assert here == there


async def test_a_url_may_override_only_a_subgraph_that_is_there(make_router: Any) -> None:
    config = parse_config("override_subgraph_url:\n  prodcts: http://127.0.0.1:1", {})
    with pytest.raises(ValueError, match="'prodcts', which the supergraph does not have"):
        create_router_app(make_router(config))
