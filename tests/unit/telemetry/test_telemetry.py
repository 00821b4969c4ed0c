import subprocess
import sys

import pytest

from common.telemetry import Telemetry, trace_id

ENDPOINT = "http://127.0.0.1:9"


async def app(_scope: object, _receive: object, _send: object) -> None:
    pass


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"},
    ],
)
def test_off_means_no_provider_and_no_middleware(environment: dict[str, str]) -> None:
    telemetry = Telemetry("x", environment)
    assert not telemetry.enabled
    assert telemetry.tracer is None
    assert telemetry.asgi(app) is app


def test_off_does_not_even_import_the_sdk() -> None:
    code = (
        "import sys; from common.telemetry import Telemetry; Telemetry('x', {});"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.instrumentation'))"
        " for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_an_endpoint_turns_it_on_for_each_service_apart(variable: str) -> None:
    first, second = Telemetry("a", {variable: ENDPOINT}), Telemetry("b", {variable: ENDPOINT})
    assert first.enabled
    assert second.enabled
    assert first.asgi(app) is not app
    assert first.tracer is not second.tracer
    first.close()
    second.close()


def test_a_consumed_message_continues_its_trace() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with Telemetry("x", {}).consumer_span("take", {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}, {}):
        assert trace_id() == trace
    assert trace_id() is None
