"""`python -m tests.benchmarks.jobs`: what a no-op job costs, Hansa's beside its peers' in one run.

The figure to read is CPU time a job, of the worker's process and of the server's together: jobs a second depend on what else the
machine does. Each peer has a virtual environment of its own under `.hansa/peers`, made by the first run. With `--growth`
the cost with ten thousand, a hundred thousand and a million jobs that wait.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg

from common.embedded import EmbeddedServers

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
PEERS = ROOT / ".hansa" / "peers"
TICKS = os.sysconf("SC_CLK_TCK")


class Peer(NamedTuple):
    """What is installed, which server it works on, and how many jobs are enough to measure it."""

    packages: tuple[str, ...]
    server: str
    jobs: int


KNOWN = {
    "pgqueuer": Peer(("pgqueuer[asyncpg]==1.6.0", "uvloop"), "DATABASE_URL", 20_000),
    "procrastinate": Peer(("procrastinate==3.10.0", "psycopg[binary,pool]", "uvloop"), "DATABASE_URL", 2_000),
    "saq": Peer(("saq[redis]==0.26.4", "typing_extensions", "uvloop"), "REDIS_URL", 5_000),
}


def main() -> None:
    options = _options()
    with TemporaryDirectory(prefix="hansa-jobs-") as directory:
        Path(directory).chmod(0o755)
        asyncio.run(_measure(Path(directory), options))


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
    return parser.parse_args()


async def _measure(directory: Path, options: argparse.Namespace) -> None:
    servers = EmbeddedServers(directory, {"NATS_URL": "not needed"})
    urls = dict(await servers.start())
    pids = {server.name: server.pid for server in servers._servers}
    roots = {"DATABASE_URL": pids["postgresql"], "REDIS_URL": pids["valkey"]}
    sys.stdout.write(
        f"{'CPU, us a job':16}{'enqueue':>9}{'server':>9}{'worker':>9}{'server':>9}{'a job':>9}{'jobs/s':>9}\n"
    )
    try:
        if options.growth:
            for count in (10_000, 100_000, 1_000_000):
                url = await _database(urls["DATABASE_URL"])
                command = _hansa(url, count, 10_000)
                _report(f"of {count}", command, roots["DATABASE_URL"], count, 10_000)
            return
        names = [name for name in options.peers.split(",") if name]
        for _ in range(options.rounds):
            url = await _database(urls["DATABASE_URL"])
            _report(
                "hansa",
                _hansa(url, options.jobs, options.jobs),
                roots["DATABASE_URL"],
                options.jobs,
                options.jobs,
            )
            for name in names:
                peer = KNOWN[name]
                is_postgres = peer.server == "DATABASE_URL"
                url = await _database(urls[peer.server]) if is_postgres else urls[peer.server]
                command = [_python(name, peer), HERE / "peers" / f"{name}_noop.py", url, str(peer.jobs)]
                _report(name, command, roots[peer.server], peer.jobs, peer.jobs)
    finally:
        await servers.stop()


def _hansa(url: str, count: int, most: int) -> list[str | Path]:
    return [sys.executable, "-m", "tests.benchmarks.jobs.hansa_noop", url, str(count), str(most)]


def _python(name: str, peer: Peer) -> Path:
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        uv = ROOT / ".venv/bin/uv"
        subprocess.run([uv, "venv", "--quiet", PEERS / name], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *peer.packages], check=True)
    return python


async def _database(url: str) -> str:
    """A database of the run's own."""
    name = f"bench_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"


def _report(name: str, command: list[str | Path], root: int | None, asked: int, run: int) -> None:
    assert root
    with _running(command) as process:
        assert process.stdin
        assert process.stdout
        before = _cpu_seconds(root)
        enqueue = json.loads(process.stdout.readline())["enqueue"]
        between = _cpu_seconds(root)
        process.stdin.write("\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        after = _cpu_seconds(root)
    figures = [enqueue / asked, (between - before) / asked, told["work"] / run, (after - between) / run]
    total = figures[2] + figures[3]
    columns = "".join(f"{figure * 1e6:9.0f}" for figure in (*figures, total))
    sys.stdout.write(f"{name:16}{columns}{run / told['seconds']:9.0f}\n")
    sys.stdout.flush()


@contextmanager
def _running(command: list[str | Path]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
            process.wait(60)
        finally:
            process.kill()


def _cpu_seconds(root: int) -> float:
    """Of a server's process, of its children, and of those that have ended."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == root:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == root:
            total += sum(map(int, fields[11:13]))
    return total / TICKS


if __name__ == "__main__":
    main()
