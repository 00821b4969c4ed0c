"""The router's traces, as its configuration and the environment say."""

from collections.abc import Mapping

from common.telemetry import Telemetry
from gateway.server.config import RouterConfig


def open_telemetry(config: RouterConfig, environment: Mapping[str, str]) -> Telemetry:
    """Exports where either names a collector; what the configuration says beats the variables `OTEL_*`."""
    tracing = config.telemetry.exporters.tracing
    name = tracing.common.service_name
    if not tracing.otlp.enabled:
        return Telemetry(name, environment)
    endpoint = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": tracing.otlp.url}
    return Telemetry(
        name, {**environment, **endpoint}, headers=tracing.otlp.http.headers, share=tracing.common.share
    )
