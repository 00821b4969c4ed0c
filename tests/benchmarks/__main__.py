"""`make bench`: the federated gateway benchmark, Hansa beside its peers in one run.

The benchmark, its peers and its load generator stand in the shared folder; the first run installs them under
`.hansa/benchmark`. The figure to read is `cpu_s_per_1k`, CPU seconds for a thousand requests, as a ratio.

    make bench
    make bench ARGS="--peers py-struct,grafbase --rounds 3"
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark"
PORT = 4400


def main() -> None:
    options = _options()
    shared = Path(os.environ.get("HANSA_SHARED", ROOT / "../shared")).resolve() / "benchmark"
    if not shared.is_dir():
        sys.exit(f"{shared} is absent: HANSA_SHARED names the folder that holds the benchmark")
    _install(shared)
    _add_hansa_to_gateways()
    subprocess.run([WORKSPACE / "subgraphs/start.sh", str(options.delay)], check=True)
    try:
        _measure(options)
    finally:
        _stop_subgraphs()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--peers", default="py-struct,grafbase,apollo-gateway", help="names in gateways.json, by commas"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10, help="of load for each gateway and round")
    parser.add_argument("--delay", type=int, default=0, help="milliseconds that each subgraph waits")
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
    gateways["hansa"] = {"url": f"http://127.0.0.1:{PORT}/graphql", "cwd": "$BENCH", "cmd": command}
    file.write_text(json.dumps(gateways, indent=1))


def _measure(options: argparse.Namespace) -> None:
    results = WORKSPACE / "results.jsonl"
    results.unlink(missing_ok=True)
    bench = [WORKSPACE / "venv/bin/python", WORKSPACE / "bench.py"]
    suite = [
        "--suite",
        f"hansa,{options.peers}",
        "--rounds",
        str(options.rounds),
        "--duration",
        str(options.seconds),
    ]
    subprocess.run([*bench, *suite, "--out", results], check=True)
    subprocess.run([*bench, "--table", results], check=True)


def _stop_subgraphs() -> None:
    for file in (WORKSPACE / "subgraphs").glob("*.pid"):
        subprocess.run(["kill", file.read_text().strip()], check=False)


if __name__ == "__main__":
    main()
