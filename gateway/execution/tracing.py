"""Spans of a fetch by the Apollo Router's names: `fetch`, below `flatten` for entities, and in it `subgraph` down to the HTTP
client's.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.http import Request, Response, Transport, TransportError
from gateway.planning.plan import Fetch
from gateway.planning.printing import path_text

_propagator = TraceContextTextMapPropagator()
_CONTEXT_HEADERS = {"traceparent", "tracestate"}


async def send_traced(
    tracer: Tracer, fetch: Fetch, transport: Transport, request: Request, remaining: float | None
) -> Response:
    """Sends with the context of a span of its own (W3C Trace Context) in place of the client's."""
    name = {"subgraph.name": fetch.subgraph}
    attributes = {
        **name,
        "subgraph.graphql.operation.name": fetch.operation_name or "",
        "subgraph.graphql.operation.type": fetch.operation_kind,
    }
    span = tracer.start_as_current_span
    with (
        _flatten(tracer, fetch),
        span("fetch", attributes=name),
        span("subgraph", attributes=attributes),
        span("subgraph_request", attributes=attributes),
    ):
        return await _send_in_span(tracer, transport, request, remaining)


def _flatten(tracer: Tracer, fetch: Fetch) -> AbstractContextManager[Any]:
    if not fetch.entities:
        return nullcontext()
    paths = [path_text(path) for entity in fetch.entities for path in entity.paths]
    return tracer.start_as_current_span("flatten", attributes={"graphql.path": paths})


async def _send_in_span(
    tracer: Tracer, transport: Transport, request: Request, remaining: float | None
) -> Response:
    url = urlsplit(transport.url)
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "url.full": transport.url,
        "server.address": url.hostname or url.path,
        **({"server.port": url.port} if url.port else {}),
    }
    with tracer.start_as_current_span("http_request", kind=SpanKind.CLIENT, attributes=attributes) as span:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        kept = (header for header in request.headers if header[0] not in _CONTEXT_HEADERS)
        traced = Request(body=request.body, headers=(*kept, *carrier.items()), idempotent=request.idempotent)
        try:
            response = await transport.send(traced, timeout=remaining)
        except TransportError as error:
            span.set_attribute("error.type", error.code)
            raise
        span.set_attribute("http.response.status_code", response.status)
        if response.status >= 400:
            span.set_attribute("error.type", str(response.status))
            span.set_status(Status(StatusCode.ERROR))
        return response
