"""One service's telemetry: its own tracer provider when traces are exported, nothing when they are not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from common.telemetry.context import TraceContext, current_trace

if TYPE_CHECKING:  # whoever needs no app or database loads none
    from litestar.types import ASGIApp
    from opentelemetry.trace import Tracer
    from sqlalchemy.ext.asyncio import AsyncEngine

TRACE_ID_HEADER = "hansa-trace-id"


class Telemetry:
    """Traces of the service `service_name`; several may live in one process.

    They are exported over OTLP/HTTP when `environment` names an endpoint by `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
    `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_SDK_DISABLED` is not `true`. `enabled` tells; when it is False every
    method gives back what it was given and OpenTelemetry's SDK is not even imported. `headers` are sent to the
    collector; `share` is the part, of 1, that is recorded of the traces that begin here. Without them it is as the
    process's own `OTEL_*` say.
    """

    def __init__(
        self,
        service_name: str,
        environment: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        share: float | None = None,
    ) -> None:
        self.service_name = service_name
        self.tracer: Tracer | None = None
        self._recording = None
        endpoint = _traces_endpoint(environment)
        if endpoint is not None:
            from common.telemetry.recording import Recording  # noqa: PLC0415 - the SDK loads only when it is used

            self._recording = Recording(service_name, endpoint, headers=headers, share=share)
            self.tracer = self._recording.tracer

    @property
    def enabled(self) -> bool:
        return self._recording is not None

    def asgi(self, app: "ASGIApp") -> "ASGIApp":
        """`app` with a server span around each request, continuing the client's trace."""
        return self._recording.asgi(app) if self._recording else app

    def instrument_engine(self, engine: "AsyncEngine") -> None:
        """Records a span for every statement that `engine` runs."""
        if self._recording:
            self._recording.instrument_engine(engine)

    @contextmanager
    def consumer_span(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> Iterator[None]:
        """Runs the handling of a message under the trace that its `headers` carry."""
        trace = TraceContext.parse(headers.get("traceparent"), headers.get("tracestate", ""))
        token = current_trace.set(trace or TraceContext.start())
        try:
            if self._recording:
                with self._recording.consumer_span(name, headers, attributes):
                    yield
            else:
                yield
        finally:
            current_trace.reset(token)

    def close(self) -> None:
        """Sends what is still held back; blocks for the exporter's timeout at most."""
        if self._recording:
            self._recording.close()


def _traces_endpoint(environment: Mapping[str, str]) -> str | None:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if own := environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return own
    shared = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return shared.rstrip("/") + "/v1/traces" if shared else None
