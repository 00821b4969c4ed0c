import os
import subprocess
import sys

from common.service import installed_names

HANSA = (sys.executable, "-c", "from gateway.cli import main; main()")
COMPLETE = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1",
    "NATS_URL": "nats://127.0.0.1:1",
    "HANSA_ISSUER": "https://hansa.example",
    "HANSA_JWKS_URL": "https://hansa.example/jwks.json",
    "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
}


def hansa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if name not in COMPLETE}
    result = subprocess.run(
        [*HANSA, *arguments], env={**given, **environment}, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr
    return result


def test_an_unknown_service_is_refused_with_those_that_there_are() -> None:
    refused = hansa("subgraph", "whales")
    assert refused.returncode == 2
    assert f"'whales'; installed are {', '.join(installed_names())}" in refused.stderr


def test_every_missing_setting_is_named() -> None:
    refused = hansa("subgraph", "identity")
    assert refused.returncode == 2
    assert all(name in refused.stderr for name in COMPLETE)


def test_a_database_that_is_not_there_is_told() -> None:
    refused = hansa("subgraph", "identity", "--listen", "127.0.0.1:0", **COMPLETE)
    assert refused.returncode == 2
    assert "The database of identity cannot be used" in refused.stderr


def test_an_address_that_is_none_is_told() -> None:
    refused = hansa("subgraph", "identity", "--listen", "nowhere", **COMPLETE)
    assert refused.returncode == 2
    assert "HOST:PORT" in refused.stderr
