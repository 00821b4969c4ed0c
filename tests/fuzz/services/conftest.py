import base64
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-c", "from gateway.cli import main; main()", "subgraph", "identity")


@pytest.fixture(scope="module")
def identity(
    servers: Mapping[str, str], create_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of `hansa subgraph identity`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = {
        **os.environ,
        "DATABASE_URL": create_database(),
        "REDIS_URL": servers["REDIS_URL"],
        "HANSA_ISSUER": url,
        "HANSA_JWKS_URL": f"{url}/.well-known/jwks.json",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    log = tmp_path_factory.mktemp("identity") / "log"
    with log.open("w") as output:
        listen = url.removeprefix("http://")
        process = subprocess.Popen(
            [*COMMAND, "--listen", listen], env=environment, stdout=output, stderr=output
        )
    try:
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health/ready"):
                return
        except urllib.error.URLError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
