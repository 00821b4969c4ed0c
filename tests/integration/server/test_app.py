"""What stands around the router: health, metrics, the console, and other apps."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.server.app import apps_beside, create_router_app
from gateway.server.config import parse_config
from gateway.server.graphql_errors import GraphqlErrors
from gateway.server.health import Health
from tests.integration.server.graph import respond


async def test_live_and_ready_are_200(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        assert (await client.get(path)).status_code == 200


async def test_the_doors_of_health_and_metrics_are_where_the_configuration_has_them(
    make_router: Any, client_of: Any
) -> None:
    config = parse_config(
        """
        health_check: {listen: '127.0.0.1:8088', path: /healthz}
        telemetry: {exporters: {metrics: {prometheus: {listen: '127.0.0.1:9090'}}}}
        """,
        {},
    )
    router, health = make_router(config), Health()
    beside = apps_beside(router, health=health)
    assert beside.keys() == {"127.0.0.1:8088", "127.0.0.1:9090"}
    async with client_of(create_router_app(router, health=health)) as client:
        for path in ("/health/ready", "/healthz", "/metrics"):
            assert (await client.get(path)).status_code == 404
    async with client_of(beside["127.0.0.1:9090"]) as client:
        assert "http_server_active_requests" in (await client.get("/metrics")).text
    health.stop()
    statuses = {
        "/healthz": 200,
        "/healthz/live": 200,
        "/healthz?live": 200,
        "/healthz/ready": 503,
        "/healthz?ready": 503,
    }
    async with client_of(beside["127.0.0.1:8088"]) as client:
        assert {path: (await client.get(path)).status_code for path in statuses} == statuses


async def test_doors_that_are_switched_off_are_not_there(make_router: Any, client_of: Any) -> None:
    off = "health_check: {enabled: false}\ntelemetry: {exporters: {metrics: {prometheus: {enabled: false}}}}"
    async with client_of(create_router_app(make_router(parse_config(off, {})))) as client:
        for path in ("/health", "/health/ready", "/metrics"):
            assert (await client.get(path)).status_code == 404


async def test_a_router_that_refuses_too_much_is_not_ready_for_a_while(
    make_router: Any, client_of: Any
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    config = "health_check: {readiness: {allowed: 1}}\ntraffic_shaping: {router: {timeout: 20ms}}"
    router = make_router(parse_config(config, {}))
    app = create_router_app(router, health=Health({"load": router.rejections.check}))
    async with asyncio.timeout(20), client_of(app) as client:
        for ready in (200, 503):
            answer = await client.post("/graphql", content=endless())
            assert answer.status_code == 504
            assert (await client.get("/health/ready")).status_code == ready


async def test_what_is_only_read_is_not_posted_to(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/health/ready", "/metrics"):
        answer = await client.post(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_check_that_fails_makes_it_not_ready_and_leaves_it_alive(
    make_router: Any, client_of: Any
) -> None:
    async def good() -> None: ...

    async def bad() -> None:
        raise OSError("no database")

    app = create_router_app(make_router(), health=Health({"good": good, "bad": bad}))
    async with client_of(app) as client:
        ready = await client.get("/health/ready")
        live = await client.get("/health/live")
    assert ready.status_code == 503
    assert ready.json() == {"status": "failing", "checks": {"good": "ok", "bad": "failing"}}
    assert live.status_code == 200


async def test_metrics_tell_operations_and_subgraphs(client: httpx.AsyncClient) -> None:
    await client.post("/graphql", json={"query": "{products {name reviews {body}}}"})
    await client.post("/graphql", json={"query": "{nowhere}"})
    scrape = await client.get("/metrics")
    samples = [sample for family in text_string_to_metric_families(scrape.text) for sample in family.samples]
    counts = {
        tuple(sorted(sample.labels.items())): sample.value
        for sample in samples
        if sample.name.endswith("request_duration_seconds_count")
    }
    assert counts[("method", "POST"), ("operation_type", "query"), ("status", "200")] == 1
    assert counts[("status", "200"), ("subgraph", "products")] == 1
    assert counts[("status", "200"), ("subgraph", "reviews")] == 1


async def test_errors_are_counted_by_code_and_those_of_subgraphs_by_place(
    make_router: Any, client_of: Any
) -> None:
    config = parse_config("batching: {enabled: true, mode: batch_http_link}", {})
    async with client_of(create_router_app(make_router(config))) as client:
        await client.post("/graphql", json={"query": "query F {failure}"})
        await client.post("/graphql", json={"query": "{nowhere}"})
        await client.post("/graphql", json=[{"query": "{nowhere}"}, {"query": "{__typename}"}])
        lines = (await client.get("/metrics")).text.splitlines()
    counts = dict(line.rsplit(" ", 1) for line in lines if "_error" in line and not line.startswith("#"))
    assert {name: value for name, value in counts.items() if "_created" not in name} == {
        'apollo_router_graphql_error_total{code="GRAPHQL_VALIDATION_FAILED"}': "2.0",
        'apollo_router_graphql_error_total{code="SUBREQUEST_ERROR"}': "1.0",
        'hansa_router_subgraph_errors_total{code="SUBREQUEST_ERROR",operation="F",path="failure",subgraph="products"}': "1.0",
    }


def test_clients_cannot_make_metrics_without_end() -> None:
    registry = CollectorRegistry()
    errors = GraphqlErrors(registry)
    for number in range(3000):
        extensions = {"code": f"C{number}", "service": "products"}
        errors.count([{"message": "x", "extensions": extensions}], f"Operation{number}")
    lines = generate_latest(registry).decode().splitlines()
    assert len([line for line in lines if line.startswith("hansa_router_subgraph_errors_total")]) == 1001
    assert 'apollo_router_graphql_error_total{code="_OTHER"} 2000.0' in lines


async def test_an_invented_method_makes_no_metric_of_its_own(client: httpx.AsyncClient) -> None:
    for method in ("BREW", "WHEN"):
        await client.request(method, "/graphql")
    scrape = await client.get("/metrics")
    assert 'method="_OTHER"' in scrape.text
    assert "BREW" not in scrape.text


async def test_the_console_is_at_the_root_unless_it_is_off(
    client: httpx.AsyncClient, make_router: Any, client_of: Any
) -> None:
    assert (await client.get("/")).headers["content-type"].startswith("text/")
    config = parse_config("homepage: {enabled: false}", {})
    async with client_of(create_router_app(make_router(config))) as without:
        assert (await without.get("/")).status_code == 404


async def test_the_path_of_the_router_is_configured(make_router: Any, client_of: Any) -> None:
    config = parse_config("supergraph: {path: /api/graphql}", {})
    async with client_of(create_router_app(make_router(config))) as client:
        assert (await client.post("/api/graphql", json={"query": "{__typename}"})).status_code == 200
        assert (await client.post("/graphql", json={"query": "{__typename}"})).status_code == 405


async def test_the_router_may_stand_at_the_root_in_the_consoles_place(
    make_router: Any, client_of: Any
) -> None:
    app = create_router_app(make_router(parse_config("supergraph: {path: /}", {})))
    async with client_of(app) as client:
        assert (await client.post("/", json={"query": "{__typename}"})).json() == {
            "data": {"__typename": "Query"}
        }
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/index.html")).status_code == 404


async def test_further_apps_are_mounted_by_their_prefix(make_router: Any, client_of: Any) -> None:
    async def echo(scope: Any, _: Any, send: Any) -> None:
        await respond(send, f"{scope['root_path']} {scope['path']}".encode(), b"text/plain")

    app = create_router_app(make_router(), mounts={"/identity": echo})
    async with client_of(app) as client:
        for path in ("/.well-known/jwks.json", "/", "/a/", "/identity"):
            assert (await client.get(f"/identity{path}")).text == f"/identity {path}"
        assert (await client.get("/identity")).text == "/identity /"
        assert not (await client.get("/identityx")).text.startswith("/identity")
        assert (await client.post("/graphql", json={"query": "{__typename}"})).status_code == 200


async def test_the_router_is_mounted_in_any_asgi_app(make_router: Any, client_of: Any) -> None:
    from litestar import Litestar, asgi

    router = make_router()

    @asgi("/api", is_mount=True, copy_scope=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await router(scope, receive, send)

    body = {"query": "{products {name}}"}
    async with client_of(Litestar([mounted], logging_config=None)) as inside, client_of(router) as alone:
        assert (await inside.post("/api", json=body)).json() == (await alone.post("/", json=body)).json()
