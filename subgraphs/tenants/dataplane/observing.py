"""What each request leaves behind: a log line, a metric, and usage."""

import logging
import time
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge

from common.telemetry import TraceContext, log_request
from common.telemetry.durations import Durations, Series
from subgraphs.tenants.dataplane.admission import Admission
from subgraphs.tenants.dataplane.refusals import Rule
from subgraphs.tenants.dataplane.usage import Meter

_log = logging.getLogger("hansa.proxy")
_NOBODY = "unknown"
_UNTOLD = {"tenant": _NOBODY}
_REQUESTS, _REFUSED, _FAILED, _BYTES_IN, _BYTES_OUT = range(5)


@dataclass(slots=True)
class Record:
    """One request, as far as it has come. Paths are without queries, in which there may be secrets.

    `trace` is the request's own for as long as it is served: looking for it costs more than the rest of it.
    """

    method: str
    path: str
    trace: TraceContext
    host: str = ""
    client: str = ""
    status: int = 0
    rule: Rule | None = None
    target: str = ""
    attempts: int = 0
    cut: str = ""
    """Why the answer was not passed on to its end."""
    bytes_in: int = 0
    bytes_out: int = 0
    admission: Admission = field(default_factory=Admission)
    started: float = field(default_factory=time.perf_counter)


class Observer:
    """Writes records down; labels of metrics have only values that configurations have."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.registry = CollectorRegistry()
        self._durations = Durations(
            "http_server_request_duration_seconds",
            "Time from a request's head to the end of its answer",
            ["tenant", "status"],
            self.registry,
        )
        self._series: dict[tuple[str, int], Series] = {}
        self._refusals = Counter(
            "hansa_proxy_refusals",
            "Requests that the gateway answered itself, by the rule",
            ["tenant", "policy"],
            registry=self.registry,
        )
        self.active = 0
        Gauge(
            "http_server_active_requests", "Requests that are being answered", registry=self.registry
        ).set_function(lambda: self.active)

    def answered(self, record: Record) -> None:
        """An upstream has answered. Called before anything of it is sent on: what a client has got is counted."""
        self._count(record, _REQUESTS)

    def refused(self, record: Record) -> None:
        """The gateway has answered itself."""
        self._count(record, _FAILED if record.rule is Rule.UPSTREAM else _REFUSED)

    def ended(self, record: Record) -> None:
        """The request is over, however it went."""
        seconds = time.perf_counter() - record.started
        caller = record.admission.caller
        if caller is not None and (record.bytes_in or record.bytes_out):
            cell = self._meter.cell(caller.label)
            cell.add(_BYTES_IN, record.bytes_in)
            cell.add(_BYTES_OUT, record.bytes_out)
        tenant = caller.label.tenant if caller is not None else _NOBODY
        if record.rule is not None:
            self._refusals.labels(tenant, record.rule).inc()
        self._observe(tenant, record.status, seconds)
        if _log.isEnabledFor(logging.INFO):
            log_request(_log, _line(record, seconds), record.trace.trace_id)

    def _count(self, record: Record, counter: int) -> None:
        if record.admission.caller is not None:
            self._meter.cell(record.admission.caller.label).add(counter, 1)

    def _observe(self, tenant: str, status: int, seconds: float) -> None:
        series = self._series.get((tenant, status))
        if series is None:
            series = self._series[tenant, status] = self._durations.labels(tenant, status)
        series.observe(seconds)


def _line(record: Record, seconds: float) -> dict[str, object]:
    caller = record.admission.caller
    line: dict[str, object] = {
        "method": record.method,
        "host": record.host,
        "path": record.path,
        "status": record.status,
        "duration_ms": round(seconds * 1000, 3),
        "client": record.client,
        **(caller.told if caller is not None else _UNTOLD),
    }
    if record.rule is not None:
        line["policy"] = record.rule
    if record.target:
        line["target"] = record.target
        line["attempts"] = record.attempts
    if record.cut:
        line["cut"] = record.cut
    return line
