"""`python -m tests.benchmarks.ratelimit`: what a decision costs, beside the `limits` and `throttled-py` libraries in one run.

All decide over many keys in one Valkey of the benchmark's own, so many at once as a column says. The figures are
microseconds of CPU for a decision, of the deciding process and of Valkey, the medians of the rounds; read them as ratios. The
peers are installed apart, under `.hansa/benchmark-ratelimit`.
"""

import argparse
import asyncio
import json
import math
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import redis.asyncio

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark-ratelimit"
DRIVER = Path(__file__).with_name("ratelimit_drivers.py")
PEERS = ("limits==5.8.0", "throttled-py==3.5.0", "redis>=8.1,<9", "hiredis>=3.5,<4", "coredis==6.9.0")
DRIVERS = {
    "hansa": Path(sys.executable),
    "hansa, 3 limits": Path(sys.executable),
    "hansa, denied": Path(sys.executable),
    "hansa, leased": Path(sys.executable),
    "limits, fixed window": WORKSPACE / "venv/bin/python",
    "limits, moving window": WORKSPACE / "venv/bin/python",
    "throttled, gcra": WORKSPACE / "venv/bin/python",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ratelimit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--decisions", type=int, default=3_000, help="for each library, round and column")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 64, 256])
    options = parser.parse_args()
    _install()
    asyncio.run(_measure(options))


def _install() -> None:
    python = WORKSPACE / "venv/bin/python"
    if python.exists():
        return
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, WORKSPACE / "venv"], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PEERS], check=True)


async def _measure(options: argparse.Namespace) -> None:
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    server = ValkeyServer(ServerFolder(WORKSPACE, server_account()))
    url = await server.start()
    try:
        for at_once in options.at_once:
            costs: dict[str, list[tuple[float, float]]] = defaultdict(list)
            for _ in range(options.rounds):
                for name, python in DRIVERS.items():
                    costs[name].append(await _run(python, name, url, options.decisions, at_once))
            _say(at_once, costs)
    finally:
        await server.stop()


async def _run(python: Path, name: str, url: str, decisions: int, at_once: int) -> tuple[float, float]:
    """Microseconds of CPU a decision, of the driver and of Valkey."""
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.flushdb()
    process = await asyncio.create_subprocess_exec(
        *(python, DRIVER, name, url, str(decisions), str(at_once)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=None if name.startswith("hansa") else subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        if name.startswith("hansa"):
            sys.exit(f"{name} failed")
        return math.nan, math.nan  # a peer that raises under load is told as it is
    spent = json.loads(output)
    return spent["client"] / decisions * 1e6, spent["valkey"] / decisions * 1e6


def _say(at_once: int, costs: dict[str, list[tuple[float, float]]]) -> None:
    sys.stdout.write(f"\n{at_once} at once{'client':>20}{'Valkey':>10}{'peer / hansa':>16}\n")
    own = [client for client, _ in costs["hansa"]]
    for name, rounds in costs.items():
        client, valkey = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(peer / mine for (peer, _), mine in zip(rounds, own, strict=True))
        sys.stdout.write(f"{name:24}{client:8.1f}{valkey:10.1f}{ratio:16.2f}\n")


if __name__ == "__main__":
    main()
