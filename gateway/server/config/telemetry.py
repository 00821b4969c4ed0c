"""The keys of what the router tells about itself."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateway.server.config.cache import PositiveInt
from gateway.server.config.health import DoorPath, ListenAddress
from gateway.server.config.http import Token


class Prometheus(Struct, frozen=True):
    """Where metrics are read; at the router's address unless `listen` gives them one of their own."""

    enabled: bool = True
    listen: ListenAddress | None = None
    path: DoorPath = "/metrics"


class MetricsExporters(Struct, frozen=True):
    """Where metrics go."""

    prometheus: Prometheus = Prometheus()


class OtlpHttp(Struct, frozen=True):
    """What is sent along with traces."""

    headers: dict[str, str] = {}


class Otlp(Struct, frozen=True):
    """Traces to a collector, by HTTP; `default` is the collector of this machine.

    The variables `OTEL_*` say the same for all services; these keys beat them.
    """

    enabled: bool = False
    endpoint: str = "default"
    protocol: Literal["http"] = "http"
    http: OtlpHttp = OtlpHttp()

    @property
    def url(self) -> str:
        """Where traces are posted to."""
        base = "http://127.0.0.1:4318" if self.endpoint == "default" else self.endpoint
        return base.rstrip("/") + "/v1/traces" if urlsplit(base).path in ("", "/") else base


class CommonTracing(Struct, frozen=True):
    """The router's name in traces, and which part of those that begin here is recorded."""

    service_name: str = "router"
    sampler: Annotated[float, Meta(ge=0, le=1)] | Literal["always_on", "always_off"] = "always_on"

    @property
    def share(self) -> float:
        """Of 1."""
        return (
            {"always_on": 1.0, "always_off": 0.0}[self.sampler]
            if isinstance(self.sampler, str)
            else self.sampler
        )


class ResponseTraceId(Struct, frozen=True):
    """A header of every answer with its trace id, beside `hansa-trace-id`."""

    enabled: bool = False
    header_name: Token = "apollo-trace-id"


class TracingExporters(Struct, frozen=True):
    """Where traces go."""

    common: CommonTracing = CommonTracing()
    otlp: Otlp = Otlp()
    experimental_response_trace_id: ResponseTraceId = ResponseTraceId()


class Stdout(Struct, frozen=True):
    """The log of `hansa serve`, on standard error: a JSON object a line, or text for a person."""

    format: Literal["json", "text"] = "json"


class LoggingExporters(Struct, frozen=True):
    """Where the log goes."""

    stdout: Stdout = Stdout()


class Exporters(Struct, frozen=True):
    """Where what is told goes."""

    metrics: MetricsExporters = MetricsExporters()
    tracing: TracingExporters = TracingExporters()
    logging: LoggingExporters = LoggingExporters()


class Usage(Struct, frozen=True):
    """A record of every operation, to the NATS server of the URL `nats`; Hansa's own keys.

    `buffer_size` is how many are kept while it is down. A client tells its name and version by headers.
    """

    nats: str | None = None
    buffer_size: PositiveInt = 10_000
    client_name_header: Token = "apollographql-client-name"
    client_version_header: Token = "apollographql-client-version"


class Telemetry(Struct, frozen=True):
    """What the router tells about itself."""

    exporters: Exporters = Exporters()
    usage: Usage = Usage()
