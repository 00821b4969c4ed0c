import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["common.telemetry", "common.database", "common.events"])
def test_what_serves_no_requests_loads_no_web_framework_and_no_tracing(package: str) -> None:
    heavy = {"litestar", "strawberry", "opentelemetry.sdk"}
    program = f"import sys, {package}; print(*{heavy} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_a_router_loads_no_redis_and_no_cryptography_before_it_needs_them() -> None:
    heavy = {"redis", "cryptography"}
    program = f"import sys, gateway.cli.serve; print(*{heavy} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
