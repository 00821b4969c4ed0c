"""Traces and logs: one trace id for a request, in spans, headers and log lines alike.

Spans are recorded by OpenTelemetry and only when an OTLP endpoint is configured. Without one there is no provider,
no middleware and no instrumentation; the trace id of the request still travels.
"""

from common.telemetry.context import TraceContext, current_trace, outgoing_headers, trace_id
from common.telemetry.logs import configure_logging, log_as_text, log_request
from common.telemetry.telemetry import TRACE_ID_HEADER, Telemetry

__all__ = [
    "TRACE_ID_HEADER",
    "Telemetry",
    "TraceContext",
    "configure_logging",
    "current_trace",
    "log_as_text",
    "log_request",
    "outgoing_headers",
    "trace_id",
]
