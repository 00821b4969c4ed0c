"""The keys of what the router tells about itself."""

from msgspec import Struct

from gateway.server.config.health import DoorPath, ListenAddress


class Prometheus(Struct, frozen=True):
    """Where metrics are read; at the router's address unless `listen` gives them one of their own."""

    enabled: bool = True
    listen: ListenAddress | None = None
    path: DoorPath = "/metrics"


class MetricsExporters(Struct, frozen=True):
    """Where metrics go."""

    prometheus: Prometheus = Prometheus()


class Exporters(Struct, frozen=True):
    """Where what is told goes."""

    metrics: MetricsExporters = MetricsExporters()


class Telemetry(Struct, frozen=True):
    """What the router tells about itself."""

    exporters: Exporters = Exporters()
