"""`python -m tests.benchmarks.jobs`: what a no-op job costs, Hansa's beside its peers' in one run.

The figure to read is CPU time a job, of the worker's process and of the server's together: jobs a second depend on what else the
machine does. Each peer has a virtual environment of its own under `.hansa/peers`, made by the first run, where its complaints are
kept too. At the end stand the ratios and whether the bars hold. With `--growth` the cost with ten thousand, a hundred thousand
and a million jobs that wait; with `--latency` how long a job waits for its start, and a claim takes with `--backlog` jobs waiting.
"""

import argparse
import asyncio
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg
import redis

from common.embedded import EmbeddedServers
from tests.benchmarks.jobs.measuring import ROOT, Figures, hear, measure

HERE = Path(__file__).parent
PEERS = ROOT / ".hansa" / "peers"
GROWTH = (10_000, 100_000, 1_000_000)
RATE, COST = 8_000, 150  # jobs a second on one worker; microseconds of CPU a job
LATENCIES = {"start_p50": 5, "start_p99": 25, "claim_p99": 10}  # milliseconds


class Peer(NamedTuple):
    """What is installed, which server it works on, and how many jobs are enough to measure it."""

    packages: tuple[str, ...]
    server: str
    jobs: int


KNOWN = {
    "pgqueuer": Peer(("pgqueuer[asyncpg]==1.6.0", "uvloop"), "DATABASE_URL", 20_000),
    "procrastinate": Peer(("procrastinate==3.10.0", "psycopg[binary,pool]", "uvloop"), "DATABASE_URL", 2_000),
    "saq": Peer(("saq[redis]==0.26.4", "typing_extensions", "uvloop"), "REDIS_URL", 5_000),
    "arq": Peer(("arq==0.28.0", "uvloop"), "REDIS_URL", 5_000),
    "celery": Peer(("celery[redis]==5.7.0",), "REDIS_URL", 2_000),
}


class Bench:
    """The servers of one run, each with the process that its backends descend from."""

    def __init__(self, urls: Mapping[str, str], roots: Mapping[str, int]) -> None:
        self._urls = urls
        self._roots = roots

    async def hansa(self, count: int, least: int) -> Figures:
        """`count` jobs wait, of which `least` are run, at least."""
        command = [sys.executable, "-m", "tests.benchmarks.jobs.hansa_noop", await self.database()]
        log = PEERS / "hansa.log"
        return measure([*command, str(count), str(least)], self._roots["DATABASE_URL"], asked=count, log=log)

    async def peer(self, name: str) -> Figures:
        peer = KNOWN[name]
        url = await self.database() if peer.server == "DATABASE_URL" else self._empty_cache()
        command = [_python(name, peer), HERE / "peers" / f"{name}_noop.py", url, str(peer.jobs)]
        return measure(command, self._roots[peer.server], asked=peer.jobs, log=PEERS / f"{name}.log")

    async def database(self) -> str:
        """The URL of a database of the measurement's own."""
        url, name = self._urls["DATABASE_URL"], f"bench_{uuid.uuid4().hex}"
        connection = await asyncpg.connect(url)
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"

    def _empty_cache(self) -> str:
        url = self._urls["REDIS_URL"]
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return url


def main() -> None:
    options = _options()
    PEERS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="hansa-jobs-") as directory:
        Path(directory).chmod(0o755)
        asyncio.run(_run(Path(directory), options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.jobs",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--peers", default=",".join(KNOWN), help="by commas; none with ''")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=20_000, help="Hansa's, in a round")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--backlog", type=int, default=1_000_000)
    return parser.parse_args()


async def _run(directory: Path, options: argparse.Namespace) -> None:
    servers = EmbeddedServers(directory, {"NATS_URL": "not needed"})
    urls = dict(await servers.start())
    pids = {server.name: server.pid or 0 for server in servers._servers}
    bench = Bench(urls, {"DATABASE_URL": pids["postgresql"], "REDIS_URL": pids["valkey"]})
    try:
        if options.growth:
            await _grow(bench)
        elif options.latency:
            await _wait(bench, options.backlog)
        else:
            await _compare(bench, [name for name in options.peers.split(",") if name], options)
    finally:
        await servers.stop()


async def _grow(bench: Bench) -> None:
    _head()
    costs = [_row(f"of {count}", await bench.hansa(count, 10_000)).job for count in GROWTH]
    _say(f"a job costs {costs[-1] / costs[0]:.2f} times as much of a million as of ten thousand")


async def _wait(bench: Bench, backlog: int) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.jobs.hansa_latency", await bench.database()]
    told = hear([*command, str(backlog)], PEERS / "hansa.log")
    _say(f"{told.pop('rate'):.0f} jobs a second were asked for and run")
    for name, milliseconds in told.items():
        bar = f", at most {LATENCIES[name]}" if name in LATENCIES else ""
        _say(f"{name:24}{milliseconds:9.2f} ms{bar}")


async def _compare(bench: Bench, names: list[str], options: argparse.Namespace) -> None:
    seen: defaultdict[str, list[Figures]] = defaultdict(list)
    _head()
    for _ in range(options.rounds):
        seen["hansa"].append(_row("hansa", await bench.hansa(options.jobs, options.jobs)))
        for name in names:
            seen[name].append(_row(name, await bench.peer(name)))
    cost, rate = (median(getattr(each, of) for each in seen["hansa"]) for of in ("job", "rate"))
    _judge(f"{rate:.0f} jobs a second, at least {RATE}", holds=rate >= RATE)
    _judge(f"{cost:.0f} us a job, at most {COST}", holds=cost <= COST)
    for name in names:
        ratio = median(each.job for each in seen[name]) / cost
        _judge(f"{name} costs {ratio:.1f} times as much", holds=ratio > 1)


def _head() -> None:
    names = ("enqueue", "server", "worker", "server", "a job", "jobs/s")
    _say(f"{'CPU, us a job':16}" + "".join(f"{name:>9}" for name in names))


def _row(name: str, figures: Figures) -> Figures:
    columns = (
        figures.enqueue,
        figures.enqueue_server,
        figures.worker,
        figures.server,
        figures.job,
        figures.rate,
    )
    _say(f"{name:16}" + "".join(f"{column:9.0f}" for column in columns))
    return figures


def _judge(finding: str, *, holds: bool) -> None:
    _say(f"{'holds' if holds else 'FAILS':6} {finding}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _python(name: str, peer: Peer) -> Path:
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        uv = ROOT / ".venv/bin/uv"
        subprocess.run([uv, "venv", "--quiet", PEERS / name], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *peer.packages], check=True)
    return python


if __name__ == "__main__":
    main()
