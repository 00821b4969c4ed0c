"""A tracer makes a span a fetch and sends its context; without one the client's goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.http import Response
from gateway.planning.plan import Fetch, Parallel

Make = Callable[..., Any]
SDL = "type Query { a: Int b: Int }"
INCOMING = (("traceparent", "00-11111111111111111111111111111111-2222222222222222-01"), ("x", "y"))


@pytest.fixture
def made(router: Make) -> Any:
    node = Parallel((Fetch(0, "a", "query", "query A{a}", "A"), Fetch(1, "b", "query", "{b}")))
    return router(SDL, "{ a b }", node, a=lambda _: {"data": {"a": 1}}, b=lambda _: Response(503, (), b""))


async def test_each_fetch_is_a_span_and_sends_its_context(made: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("execution") as parent:
        await made.execute(tracer=tracer, headers=lambda _: INCOMING)
    spans = {
        (
            span.name,
            span.attributes.get("subgraph.name", span.attributes.get("http.response.status_code")),
        ): span
        for span in exporter.get_finished_spans()
        if span.attributes is not None
    }
    for subgraph, status in (("a", 200), ("b", 503)):
        inner = spans["http_request", status]
        chain = [spans[name, subgraph] for name in ("fetch", "subgraph", "subgraph_request")] + [inner]
        above = [parent.get_span_context(), *(span.context for span in chain)]
        assert [span.parent.span_id for span in chain] == [context.span_id for context in above[:-1]]
        sent = dict(made.subgraphs[subgraph].sent[0].headers)
        context = f"00-{inner.context.trace_id:032x}-{inner.context.span_id:016x}-"
        assert sent["traceparent"].startswith(context)
        assert sent["x"] == "y"
    assert spans["subgraph", "a"].attributes["subgraph.graphql.operation.name"] == "A"
    assert not spans["http_request", 503].status.is_ok


async def test_without_a_tracer_the_given_context_goes_on(made: Any) -> None:
    await made.execute(headers=lambda _: INCOMING)
    assert dict(made.subgraphs["a"].sent[0].headers)["traceparent"] == INCOMING[0][1]
