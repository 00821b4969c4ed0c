"""What the fuzz tests of all services share: a service in a process of its own, what it is asked, what it may refuse."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemathesis
from graphql import print_schema
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from strawberry.federation import Schema

from common.service import Service

COMMAND = (sys.executable, "-c", "from gateway.cli import main; main()", "subgraph")
RATELIMIT_TOKEN = "of-the-fuzzer"
TENANTS_TOKEN = "of-the-fuzzer-too"
NOWHERE = {
    "DATABASE_URL": "postgresql:///unused",
    "REDIS_URL": "redis://unused",
    "NATS_URL": "nats://unused",
    "HANSA_ISSUER": "https://hansa.example",
    "HANSA_JWKS_URL": "http://127.0.0.1:9",
    "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
}
REFUSALS = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "GRAPHQL_UNKNOWN_OPERATION_NAME",
    "INVALID_INPUT",
    "OVERLOADED",
    "UNAUTHENTICATED",
    "UNAUTHORIZED",
}
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Running:
    """A service that answers at `url`, and the access token of one of its users."""

    url: str
    token: str = ""

    def post(self, body: bytes, *, signed_in: bool = False, **headers: str) -> tuple[int, bytes]:
        """Status and body of what `POST /graphql` answers."""
        headers = {"content-type": "application/json"} | headers
        if signed_in:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"{self.url}/graphql", body, headers)
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def codes(self, query: str, *, signed_in: bool = False, **variables: Any) -> set[str]:
        """The codes of the errors in the answer to an operation, which is one of GraphQL in any case."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, answer = self.post(body, signed_in=signed_in)
        assert status == 200
        return {error["extensions"]["code"] for error in json.loads(answer).get("errors", ())}


@contextmanager
def running(name: str, environment: Mapping[str, str], log: Path, *, port: int) -> Iterator[str]:
    """The URL of `hansa subgraph NAME`, which is to end well and to have met no defect."""
    url = f"http://127.0.0.1:{port}"
    command = (*COMMAND, name, "--listen", f"127.0.0.1:{port}")
    with log.open("w") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        status = process.wait(30)
        assert status == 0, f"it ended with {status}; its log:\n{log.read_text()}"
    assert '"level":"ERROR"' not in log.read_text()
    assert "Traceback" not in log.read_text()


def in_a_loop_of_its_own(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work` in a thread: tests have a loop that runs."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def doors(service: Service) -> Any:
    """The HTTP doors of a service as its OpenAPI document describes them."""
    return schemathesis.openapi.from_dict(service.create_app(NOWHERE).openapi_schema.to_schema())


def graph(schema: Schema) -> Any:
    """The operations of a service's graph, without the one that only routers use."""
    return schemathesis.graphql.from_file(print_schema(schema._schema)).exclude(name="Query._entities")


def representations(*names: str, **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of what may or may not represent entities of the types `names`; `keys` are values that fit better."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
    typename = {"__typename": st.sampled_from([*names, "Whale"]) | anything}
    members = {key: fitting | anything for key, fitting in keys.items()}
    return st.lists(st.fixed_dictionaries({}, optional=typename | members), max_size=5)


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
