"""`python -m tests.benchmarks.identity`: what a token costs at identity, beside npm's oidc-provider in one run.

Each provider is a process with one listener; the figures are microseconds of its CPU for a grant, the medians of the rounds; read them
as ratios. Both sign ES256 access tokens for a client that proves itself by HTTP Basic; oidc-provider keeps its clients in memory, identity
in PostgreSQL, whose CPU is not counted. A refresh is one committed rotation. The peer is installed under `.hansa/benchmark-identity`.
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import statistics
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from joserfc.jwk import ECKey, RSAKey

from common.database import Database, migrate
from common.embedded import EmbeddedServers
from common.http import Request, Transport, TransportError, open_transport
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.app import service
from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.domain.grants import Grant, RefreshToken
from subgraphs.identity.opaque import digest
from subgraphs.identity.store import accounts, clients, grants
from tests.benchmarks.process import cpu_seconds

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark-identity"
PEER = "oidc-provider@9.13.3"
SECRET = "benchmark-benchmark-benchmark-benchmark"
PORTS = {"identity": 4410, "oidc-provider": 4411}
AT_ONCE = 16
FORM = ("content-type", "application/x-www-form-urlencoded")
BASIC = ("authorization", "Basic " + base64.b64encode(f"bench:{SECRET}".encode()).decode())
PEER_SOURCE = """
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";
const [port, secret] = process.argv.slice(2);
const info = { scope: "graph", audience: "hansa", accessTokenTTL: 600, accessTokenFormat: "jwt" };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: JSON.parse(readFileSync("jwks.json")),
  clients: [{
    client_id: "bench", client_secret: secret, grant_types: ["client_credentials"], redirect_uris: [], response_types: [],
  }],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:hansa",
      getResourceServerInfo: () => ({ ...info, jwt: { sign: { alg: "ES256" } } }),
    },
  },
});
provider.listen(Number(port), "127.0.0.1");
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.identity", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--grants", type=int, default=600, help="for each provider and round")
    options = parser.parse_args()
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    _install()
    asyncio.run(_measure(options.rounds, options.grants))


def _install() -> None:
    if not (WORKSPACE / "node_modules").exists():
        (WORKSPACE / "package.json").write_text('{"private": true, "type": "module"}')
        subprocess.run(["npm", "install", "--silent", PEER], cwd=WORKSPACE, check=True)
    (WORKSPACE / "peer.mjs").write_text(PEER_SOURCE)
    keys = [
        ECKey.generate_key("P-256", {"kid": "e", "use": "sig", "alg": "ES256"}),
        RSAKey.generate_key(2048, {"kid": "r", "use": "sig", "alg": "RS256"}),
    ]
    jwks = {"keys": [key.as_dict(private=True) for key in keys]}
    (WORKSPACE / "jwks.json").write_text(json.dumps(jwks))


async def _measure(rounds: int, count: int) -> None:
    servers = EmbeddedServers(WORKSPACE, os.environ, lambda *_: None)
    urls = await servers.start()
    try:
        environment = _environment(urls)
        tokens = await _prepare(environment, rounds * AT_ONCE)
        identity = (sys.executable, "-c", "from gateway.cli import main; main()", "subgraph", "identity")
        listen = ("--listen", f"127.0.0.1:{PORTS['identity']}")
        peer = ("node", str(WORKSPACE / "peer.mjs"), str(PORTS["oidc-provider"]), SECRET)
        async with (
            _running((*identity, *listen), environment, PORTS["identity"], "/oauth/token") as (own, ours),
            _running(peer, {}, PORTS["oidc-provider"], "/token") as (theirs, other),
        ):
            await _compare(rounds, count, {"identity": (own, ours), "oidc-provider": (theirs, other)}, tokens)
    finally:
        await servers.stop()


async def _compare(
    rounds: int, count: int, providers: Mapping[str, tuple[int, Transport]], tokens: list[str]
) -> None:
    spent: dict[str, list[float]] = {"identity": [], "oidc-provider": [], "identity, refresh": []}
    for number in range(rounds + 1):
        for name, (pid, transport) in providers.items():
            spent[name].append(await _cpu(pid, lambda at=transport: _own_tokens(at, count)))
        pid, transport = providers["identity"]
        mine = tokens[number * AT_ONCE : (number + 1) * AT_ONCE]
        if mine:
            cpu = await _cpu(pid, lambda at=transport, of=mine: _refreshes(at, of, count // AT_ONCE))
            spent["identity, refresh"].append(cpu * count / (count // AT_ONCE * AT_ONCE))
    warm = {name: values[1:] for name, values in spent.items()}
    ours = statistics.median(warm["identity"])
    for name, values in warm.items():
        each = statistics.median(values) / count * 1e6
        sys.stdout.write(f"{name:<20}{each:8.0f} us of CPU{statistics.median(values) / ours:8.2f}\n")


async def _cpu(pid: int, work: Callable[[], object]) -> float:
    before = cpu_seconds(pid)
    await work()  # type: ignore[misc]  # a coroutine's maker
    return cpu_seconds(pid) - before


async def _own_tokens(transport: Transport, count: int) -> None:
    remaining = iter(range(count))
    body = urlencode({"grant_type": "client_credentials", "scope": "graph"}).encode()

    async def work() -> None:
        for _ in remaining:
            await _post(transport, body)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _refreshes(transport: Transport, tokens: list[str], count: int) -> None:
    """Each token's line is followed for `count` rotations."""

    async def follow(token: str) -> None:
        for _ in range(count):
            body = urlencode(
                {"grant_type": "refresh_token", "refresh_token": token, "scope": "graph"}
            ).encode()
            token = (await _post(transport, body))["refresh_token"]

    await asyncio.gather(*(follow(token) for token in tokens))


async def _post(transport: Transport, body: bytes) -> dict[str, str]:
    answer = await transport.send(Request(path="", body=body, headers=(FORM, BASIC)), timeout=30)
    if answer.status != 200:
        raise RuntimeError(answer.body)
    return dict(json.loads(answer.body))


def _environment(urls: Mapping[str, str]) -> Mapping[str, str]:
    issuer = f"http://127.0.0.1:{PORTS['identity']}"
    return {
        **urls,
        "HANSA_ISSUER": issuer,
        "HANSA_JWKS_URL": f"{issuer}/.well-known/jwks.json",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(b"b" * 32).decode(),
        "LOG_LEVEL": "WARNING",
    }


async def _prepare(environment: Mapping[str, str], families: int) -> list[str]:
    """A client, a user, and a refresh token of each of so many families."""
    url = environment["DATABASE_URL"]
    await migrate(url, schema=service.name, scripts=service.migrations)
    database = Database.open(url, schema=service.name)
    key = Sealer.from_setting(Secret(environment["HANSA_KEY_ENCRYPTION_KEY"])).tagging_key
    tokens = [RefreshToken.new(uuid.uuid4(), key) for _ in range(families)]
    wanted = Client(
        id="bench",
        name="bench",
        secret_hash=digest(SECRET),
        grant_types=[GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN],
        scopes=["graph"],
    )
    async with database.transaction() as transaction:
        await clients.insert_client(transaction, wanted)
        user = await accounts.insert_user(transaction, f"{secrets.token_hex(8)}@hansa.example", "Bench")
        assert user is not None
        grant = Grant(
            client_id="bench",
            user_id=user.id,
            session_id=None,
            scopes=["graph"],
            userinfo_claims=[],
            authenticated_at=datetime.now(UTC),
            amr=["pwd"],
        )
        for token in tokens:
            await grants.insert_family(transaction, token.family, grant, digest(token.secret))
    await database.close()
    return [token.text for token in tokens]


@asynccontextmanager
async def _running(
    command: tuple[str, ...], environment: Mapping[str, str], port: int, path: str
) -> AsyncIterator[tuple[int, Transport]]:
    """The process of a provider and the way to its token endpoint."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=WORKSPACE,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    transport = open_transport(f"http://127.0.0.1:{port}{path}")
    try:
        async with asyncio.timeout(60):
            await _wait(transport)
        yield process.pid, transport
    finally:
        await transport.close()
        process.terminate()
        await process.wait()


async def _wait(transport: Transport) -> None:
    while True:
        try:
            await transport.send(Request(path="", body=b"", headers=(FORM,)), timeout=5)
        except TransportError:
            await asyncio.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main()
