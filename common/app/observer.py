"""What each request leaves behind: a log line, a metric and the trace id in the answer."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Histogram

from common.app.responses import header
from common.telemetry import TRACE_ID_HEADER, TraceContext, current_trace, log_request, trace_id


class RequestObserver:
    """Wraps a service's app; WebSockets and the lifespan pass through."""

    def __init__(self, app: ASGIApp, log: logging.Logger, registry: CollectorRegistry) -> None:
        self._app = app
        self._log = log
        self._duration = Histogram(
            "http_server_request_duration_seconds",
            "Time from the request's head to the end of its answer",
            ["method", "route", "status"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        token = current_trace.set(_incoming(scope))
        trace = (trace_id() or "").encode()
        status = 500

        async def send_with_trace(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (TRACE_ID_HEADER.encode(), trace)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_trace)
        finally:
            self._record(scope, status, time.perf_counter() - started)
            current_trace.reset(token)

    def _record(self, scope: HTTPScope, status: int, seconds: float) -> None:
        route: str = scope.get("path_template", "unmatched")
        self._duration.labels(scope["method"], route, status).observe(seconds)
        if self._log.isEnabledFor(logging.INFO) and _is_logged(scope):
            line: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": status}
            log_request(self._log, {**line, "duration_ms": round(seconds * 1000, 3)})


def _is_logged(scope: HTTPScope) -> bool:
    """Not where the route says `logged=False`, because verifiers and the like ask for it all the time."""
    options: Mapping[str, Any] = getattr(scope.get("route_handler"), "opt", {})
    return bool(options.get("logged", True))


def _incoming(scope: HTTPScope) -> TraceContext:
    trace = TraceContext.parse(header(scope, b"traceparent"), header(scope, b"tracestate") or "")
    return trace or TraceContext.start()
