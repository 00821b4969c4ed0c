"""The spans of a request, as a collector gets them."""

from typing import Any

from common.telemetry import Telemetry
from common.telemetry.testing import otlp_receiver
from gateway.server.config import parse_config
from gateway.server.tracing import open_telemetry

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TREE = {
    "POST /graphql": None,
    "router": "POST /graphql",
    "supergraph": "router",
    "query_planning": "supergraph",
    "execution": "router",
    "flatten": "execution",
    "fetch": {"execution", "flatten"},
    "subgraph": "fetch",
    "subgraph_request": "subgraph",
    "http_request": "subgraph_request",
}
NAMED = {"graphql.operation.type": "query", "graphql.operation.name": "Q"}


async def ask(router: Any, client_of: Any) -> Any:
    async with client_of(router) as client:
        return await client.post(
            "/graphql",
            json={"query": "query Q {products {name reviews {body}} headers}"},
            headers={"traceparent": f"00-{TRACE}-{SPAN}-01"},
        )


async def test_the_span_tree_has_apollos_names_in_the_clients_trace(make_router: Any, client_of: Any) -> None:
    with otlp_receiver() as receiver:
        telemetry = Telemetry("router", {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint})
        answer = await ask(make_router(telemetry=telemetry), client_of)
        telemetry.close()
        spans = receiver.spans
    assert answer.headers["hansa-trace-id"] == TRACE
    assert {span.trace_id for span in spans} == {TRACE}
    assert {span.service for span in spans} == {"router"}
    names = {span.span_id: span.name for span in spans}
    for span in spans:
        expected, parent = TREE[span.name], names.get(span.parent_id)
        assert parent in expected if isinstance(expected, set) else parent == expected
    attributes = {span.name: span.attributes for span in spans}
    assert attributes["router"] == attributes["supergraph"] == NAMED
    assert attributes["POST /graphql"]["http.request.method"] == "POST"
    assert attributes["POST /graphql"]["url.path"] == "/graphql"
    assert attributes["flatten"] == {"graphql.path": "products.@"}
    assert attributes["subgraph"]["subgraph.graphql.operation.type"] == "query"
    assert attributes["http_request"]["server.address"] in {"products", "reviews"}
    assert [span.name for span in spans].count("subgraph") == 2


async def test_a_subgraph_continues_the_trace_below_its_own_fetch(make_router: Any, client_of: Any) -> None:
    with otlp_receiver() as receiver:
        telemetry = Telemetry("router", {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint})
        answer = await ask(make_router(telemetry=telemetry), client_of)
        telemetry.close()
        fetches = {span.span_id for span in receiver.spans if span.name == "http_request"}
    (traceparent,) = [line for line in answer.json()["data"]["headers"] if line.startswith("traceparent: ")]
    assert traceparent.split("-")[1] == TRACE
    assert traceparent.split("-")[2] in fetches


async def test_off_makes_no_span_and_gives_the_same_answer(make_router: Any, client_of: Any) -> None:
    with otlp_receiver() as receiver:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_SDK_DISABLED": "true"}
        answer = await ask(make_router(telemetry=Telemetry("router", environment)), client_of)
        assert receiver.spans == []
    assert answer.headers["hansa-trace-id"] == TRACE


CONFIG = """
telemetry:
  exporters:
    tracing:
      common: {{service_name: edge, sampler: {sampler}}}
      otlp: {{enabled: true, endpoint: '{endpoint}'}}
      experimental_response_trace_id: {{enabled: true}}
"""


async def test_the_configuration_names_the_collector_the_service_and_a_header(
    make_router: Any, client_of: Any
) -> None:
    with otlp_receiver() as receiver:
        config = parse_config(CONFIG.format(sampler="always_on", endpoint=receiver.endpoint), {})
        telemetry = open_telemetry(config, {})
        answer = await ask(make_router(config, telemetry=telemetry), client_of)
        telemetry.close()
        assert {span.service for span in receiver.spans} == {"edge"}
    assert answer.headers["apollo-trace-id"] == answer.headers["hansa-trace-id"] == TRACE


async def test_of_the_traces_that_begin_here_a_part_is_recorded(make_router: Any, client_of: Any) -> None:
    with otlp_receiver() as receiver:
        config = parse_config(CONFIG.format(sampler="always_off", endpoint=receiver.endpoint), {})
        telemetry = open_telemetry(config, {})
        async with client_of(make_router(config, telemetry=telemetry)) as client:
            await client.post("/graphql", json={"query": "{products {name}}"})
        telemetry.close()
        assert receiver.spans == []
