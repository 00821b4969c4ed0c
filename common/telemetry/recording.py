"""OpenTelemetry itself: a provider, its exporter and the instrumentations of one service."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, cast

from litestar.types import ASGIApp
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer
from opentelemetry.metrics import NoOpMeter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncEngine


class Recording:
    """Spans of one service, sent to `endpoint` in batches by a thread of their own."""

    def __init__(
        self,
        service_name: str,
        endpoint: str,
        *,
        headers: Mapping[str, str] | None = None,
        share: float | None = None,
    ) -> None:
        # The instrumentations still use names of 2021 unless they are asked for the stable ones.
        os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        resource = Resource.create({"service.namespace": "hansa", "service.name": service_name})
        sampler = None if share is None else ParentBasedTraceIdRatio(share)
        self._provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(endpoint=endpoint, headers=dict(headers) if headers else None)
            )
        )
        self.tracer = self._provider.get_tracer("hansa")

    def asgi(self, app: ASGIApp) -> ASGIApp:
        middleware = OpenTelemetryMiddleware(
            app,
            tracer_provider=self._provider,
            exclude_spans=["receive", "send"],
            excluded_urls="/health/,/metrics",
        )
        return cast("ASGIApp", middleware)

    def instrument_engine(self, engine: AsyncEngine) -> None:
        # SQLAlchemyInstrumentor would also patch SQLAlchemy for the other services of the process.
        usage = NoOpMeter("hansa").create_up_down_counter("db.client.connections.usage")
        EngineTracer(self._provider.get_tracer("sqlalchemy"), engine.sync_engine, usage)  # type: ignore[no-untyped-call]

    def consumer_span(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> AbstractContextManager[Any]:
        parent = extract(dict(headers))
        return self.tracer.start_as_current_span(name, parent, SpanKind.CONSUMER, dict(attributes))

    def close(self) -> None:
        self._provider.shutdown()
