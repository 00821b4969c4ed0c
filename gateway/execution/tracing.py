"""Spans of a fetch: `subgraph`, as the Apollo Router names it, and in it the HTTP client's."""

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.http import Request, Response, Transport
from gateway.planning.plan import Fetch

_propagator = TraceContextTextMapPropagator()
_CONTEXT_HEADERS = {"traceparent", "tracestate"}


async def send_traced(
    tracer: Tracer, fetch: Fetch, transport: Transport, request: Request, remaining: float | None
) -> Response:
    """Sends with the context of a span of its own (W3C Trace Context) in place of the client's."""
    attributes = {
        "subgraph.name": fetch.subgraph,
        "subgraph.graphql.operation.name": fetch.operation_name or "",
        "subgraph.graphql.operation.type": fetch.operation_kind,
    }
    with tracer.start_as_current_span("subgraph", attributes=attributes):
        return await _send_in_span(tracer, transport, request, remaining)


async def _send_in_span(
    tracer: Tracer, transport: Transport, request: Request, remaining: float | None
) -> Response:
    attributes = {"http.request.method": request.method, "url.full": transport.url}
    with tracer.start_as_current_span("http_request", kind=SpanKind.CLIENT, attributes=attributes) as span:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        kept = (header for header in request.headers if header[0] not in _CONTEXT_HEADERS)
        traced = Request(body=request.body, headers=(*kept, *carrier.items()), idempotent=request.idempotent)
        response = await transport.send(traced, timeout=remaining)
        span.set_attribute("http.response.status_code", response.status)
        if response.status >= 400:
            span.set_status(Status(StatusCode.ERROR))
        return response
