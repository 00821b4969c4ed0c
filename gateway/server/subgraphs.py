"""The way to each subgraph: its transport, what every request to it carries, and how long it may take."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry.trace import SpanKind, Tracer

from common.http import Request, Response, Transport, TransportError, open_transport
from common.telemetry import outgoing_headers
from gateway.server.asgi import ASGIApp
from gateway.server.config import RouterConfig
from gateway.server.metrics import Metrics
from gateway.supergraph import Supergraph


class SubgraphTransport:
    """A transport that adds the trace and the remaining time, keeps the subgraph's timeout, and is observed.

    `hansa-deadline-ms` tells the subgraph after how many milliseconds nobody waits for its answer any more.
    """

    def __init__(
        self, name: str, inner: Transport, *, timeout: float, metrics: Metrics, tracer: Tracer | None
    ) -> None:
        self._name = name
        self._inner = inner
        self._timeout = timeout
        self._duration = metrics.subgraph_duration
        self._tracer = tracer

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        seconds = self._timeout if timeout is None else min(timeout, self._timeout)
        started, status = time.perf_counter(), "error"
        try:
            with self._span():
                response = await self._inner.send(self._carrying(request, seconds), timeout=seconds)
            status = str(response.status)
            return response
        except TransportError as error:
            status = error.code
            raise
        finally:
            self._duration.labels(self._name, status).observe(time.perf_counter() - started)

    async def close(self) -> None:
        await self._inner.close()

    def _carrying(self, request: Request, seconds: float) -> Request:
        deadline = ("hansa-deadline-ms", str(max(0, int(seconds * 1000))))
        headers = (*request.headers, deadline, *outgoing_headers())
        return Request(request.path, request.body, request.method, headers, request.idempotent)

    def _span(self) -> AbstractContextManager[Any]:
        if self._tracer is None:
            return nullcontext()
        attributes = {"subgraph.name": self._name, "http.request.method": "POST"}
        return self._tracer.start_as_current_span("subgraph", kind=SpanKind.CLIENT, attributes=attributes)


def open_subgraphs(
    supergraph: Supergraph,
    config: RouterConfig,
    *,
    apps: Mapping[str, ASGIApp],
    metrics: Metrics,
    tracer: Tracer | None,
) -> dict[str, Transport]:
    """A transport for every subgraph, by the URL in the supergraph or the one that overrides it.

    Raises ValueError for a URL that cannot be used and for an override of a subgraph that is not there.
    """
    unknown = config.override_subgraph_url.keys() - supergraph.subgraphs.keys()
    if unknown:
        raise ValueError(
            f"`override_subgraph_url` names {sorted(unknown)[0]!r}, which the supergraph does not have"
        )
    return {
        name: SubgraphTransport(
            name,
            open_transport(config.override_subgraph_url.get(name, subgraph.url), apps=apps),
            timeout=config.subgraph_timeout(name),
            metrics=metrics,
            tracer=tracer,
        )
        for name, subgraph in supergraph.subgraphs.items()
    }
