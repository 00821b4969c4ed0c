"""What the guards on the hot path cost: the benchmark's operation on a bare router and on a guarded one, in one run.

The guarded one verifies an ES256 token of each of fifty callers (cached after the first time), tells its subject to the
subgraphs, holds the operation to every limit, and estimates and counts its cost. Both count and time what they do. CPU time is that of
the router's process, rounds alternate, and the ratio is the median over them.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import uvloop
from joserfc import jwt
from joserfc.jwk import ECKey

from common.http import ConnectError, Request, open_transport
from tests.benchmarks.process import cpu_seconds

PORT = 4402
ROUNDS, REQUESTS, CONCURRENT = 5, 3000, 50
CONFIGURATION = """
authentication:
  router: {{jwt: {{jwks: [{{url: "http://127.0.0.1:{port}/", issuers: [bench], audiences: [bench]}}]}}}}
authorization: {{require_authentication: true}}
headers: {{all: {{request: [{{insert: {{name: x-subject, claim: sub}}}}]}}}}
limits:
  http_max_request_bytes: 2000000
  parser_max_tokens: 15000
  max_depth: 50
  max_height: 500
  max_aliases: 100
  max_root_fields: 20
demand_control:
  enabled: true
  mode: enforce
  strategy: {{static_estimated: {{list_size: 10, max: 10000000}}}}
"""


def measure(workspace: Path) -> None:
    """Prints milliseconds of CPU for a request to each router, and their ratio. The benchmark's subgraphs are up."""
    key = ECKey.generate_key("P-256", {"kid": "bench", "alg": "ES256", "use": "sig"})
    body = (workspace / "data/body.json").read_bytes()
    with _published(key) as port:
        file = workspace / "guarded.yaml"
        file.write_text(CONFIGURATION.format(port=port))
        with _router(workspace) as bare, _router(workspace, file, port=PORT + 1) as guarded:
            uvloop.run(_compare(body, bare, guarded, [_token(key, number) for number in range(CONCURRENT)]))


async def _compare(body: bytes, bare: int, guarded: int, tokens: list[str]) -> None:
    plain = _requests(body, [])
    signed = _requests(body, tokens)
    rounds = []
    for number in range(ROUNDS + 1):
        figures = await _cost(PORT, bare, plain), await _cost(PORT + 1, guarded, signed)
        if number:  # the first one plans, compiles and verifies
            rounds.append(figures)
    cpu_bare, cpu_guarded = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    ratio = statistics.median(guarded / bare for bare, guarded in rounds)
    sys.stdout.write(
        f"CPU for a request: bare {cpu_bare:.2f} ms, with tokens, limits and cost {cpu_guarded:.2f} ms,"
        f" ratio {ratio:.2f}\n"
    )


async def _cost(port: int, pid: int, requests: list[Request]) -> float:
    transport = open_transport(f"http://127.0.0.1:{port}/graphql")

    async def repeat(request: Request) -> None:
        for _ in range(REQUESTS // CONCURRENT):
            response = await transport.send(request)
            assert response.status == 200, response.body
            assert b'"errors"' not in response.body, response.body

    while True:
        try:
            await transport.send(requests[0])
            break
        except ConnectError:
            await asyncio.sleep(0.05)
    started = cpu_seconds(pid)
    await asyncio.gather(*map(repeat, requests))
    spent = cpu_seconds(pid) - started
    await transport.close()
    return spent / REQUESTS * 1000


def _requests(body: bytes, tokens: list[str]) -> list[Request]:
    content = ("content-type", "application/json")
    headers = [(content, ("authorization", f"Bearer {token}")) for token in tokens] or [
        (content,)
    ] * CONCURRENT
    return [Request(body=body, headers=each, idempotent=True) for each in headers]


def _token(key: ECKey, number: int) -> str:
    claims = {"iss": "bench", "aud": "bench", "sub": f"user-{number}", "exp": int(time.time()) + 3600}
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "bench"}, claims, key)


@contextmanager
def _published(key: ECKey) -> Iterator[int]:
    """The port of a server of the key's public half."""
    body = json.dumps({"keys": [key.as_dict(private=False)]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextmanager
def _router(workspace: Path, config: Path | None = None, *, port: int = PORT) -> Iterator[int]:
    """The process id of a router."""
    hansa = Path(sys.executable).with_name("hansa")
    supergraph = workspace / "data/supergraph.graphql"
    command = [hansa, "serve", "--supergraph", supergraph, "--listen", f"127.0.0.1:{port}"]
    configured = ["--config", config] if config else []
    with subprocess.Popen(
        [*command, *configured], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process.pid
        finally:
            process.terminate()
