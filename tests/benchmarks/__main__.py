"""`make bench`: the federated gateway benchmark, Hansa beside its peers in one run.

The benchmark, its peers and its load generator stand in the shared folder; the first run installs them under
`.hansa/benchmark`. The figure to read is `cpu_s_per_1k`, CPU seconds for a thousand requests, as a ratio; those of
`hansa-sharing`, which sends equal queries under way once, stand apart. Then come what the guards cost, the latency over slow subgraphs and a
table of how the cost of execution grows.

    make bench
    make bench ARGS="--peers py-struct,grafbase --rounds 3"
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import growth, guarded, latency

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark"
PORT = 4400
DELAY = 4
"""Milliseconds that each subgraph waits where latency is measured."""


def main() -> None:
    options = _options()
    shared = Path(os.environ.get("HANSA_SHARED", ROOT / "../shared")).resolve() / "benchmark"
    if not shared.is_dir():
        sys.exit(f"{shared} is absent: HANSA_SHARED names the folder that holds the benchmark")
    _install(shared)
    _add_hansa_to_gateways()
    with _subgraphs(delay=0):
        _measure(options)
        guarded.measure(WORKSPACE)
    with _subgraphs(delay=DELAY):
        latency.measure(WORKSPACE, DELAY)
    growth.measure()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--peers", default="py-struct,grafbase,apollo-gateway", help="names in gateways.json, by commas"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10, help="of load for each gateway and round")
    return parser.parse_args()


def _install(shared: Path) -> None:
    """Once: the peers come from npm and PyPI, about two minutes."""
    done = WORKSPACE / ".installed"
    if not done.exists():
        shutil.rmtree(WORKSPACE, ignore_errors=True)
        subprocess.run([shared / "setup.sh", WORKSPACE], check=True)
        done.touch()


def _add_hansa_to_gateways() -> None:
    file = WORKSPACE / "gateways.json"
    gateways = json.loads(file.read_text())
    command = (
        f"{ROOT}/.venv/bin/hansa serve --supergraph $BENCH/data/supergraph.graphql --listen 127.0.0.1:{PORT}"
    )
    sharing = WORKSPACE / "sharing.yaml"
    sharing.write_text("traffic_shaping: {all: {deduplicate_query: true}}\n")
    gateway = {"url": f"http://127.0.0.1:{PORT}/graphql", "cwd": "$BENCH", "cmd": command}
    gateways["hansa"] = gateway
    gateways["hansa-sharing"] = gateway | {"cmd": f"{command} --config {sharing}"}
    file.write_text(json.dumps(gateways, indent=1))


def _measure(options: argparse.Namespace) -> None:
    results = WORKSPACE / "results.jsonl"
    results.unlink(missing_ok=True)
    bench = [WORKSPACE / "venv/bin/python", WORKSPACE / "bench.py"]
    suite = [
        "--suite",
        f"hansa,hansa-sharing,{options.peers}",
        "--rounds",
        str(options.rounds),
        "--duration",
        str(options.seconds),
    ]
    subprocess.run([*bench, *suite, "--out", results], check=True)
    runs = [json.loads(line) for line in results.read_text().splitlines()]
    _say_ratios(runs)


def _say_ratios(runs: list[dict[str, Any]]) -> None:
    """CPU per request as a multiple of each peer's, the median over rounds: a neighbour's load falls on both alike."""
    rounds: dict[str, list[float]] = {}
    for run in runs:
        rounds.setdefault(run["name"], []).append(run["cpu_s_per_1k"])
    for own in ("hansa", "hansa-sharing"):
        for peer in rounds.keys() - {"hansa", "hansa-sharing"}:
            ratio = statistics.median(a / b for a, b in zip(rounds[own], rounds[peer], strict=True))
            sys.stdout.write(f"{own} / {peer}: {ratio:.2f}\n")


@contextmanager
def _subgraphs(delay: int) -> Iterator[None]:
    subprocess.run([WORKSPACE / "subgraphs/start.sh", str(delay)], check=True)
    try:
        yield
    finally:
        for file in (WORKSPACE / "subgraphs").glob("*.pid"):
            subprocess.run(["kill", file.read_text().strip()], check=False)


if __name__ == "__main__":
    main()
