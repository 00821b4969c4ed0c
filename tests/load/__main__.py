"""`python -m tests.load`: what must hold under load, with figures. It ends with 1 where a request failed.

python -m tests.load reload --count 20
python -m tests.load stop --workers 2
python -m tests.load slow
python -m tests.load valkey --count 3
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.load.scenarios import Outcome, reloads, slow_clients, stop, valkey


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=("reload", "stop", "slow", "valkey"))
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--count", type=int, default=20, help="of reloads, or of slow clients")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="of load before the stop, or for each round"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(_run(Path(folder), options))
    for outcome in outcomes:
        sys.stdout.write(outcome.words + "\n")
        for reason, times in outcome.figures.failures.most_common(5):
            sys.stdout.write(f"  {times} x {reason}\n")
    sys.exit(any(outcome.figures.failed for outcome in outcomes))


async def _run(folder: Path, options: argparse.Namespace) -> list[Outcome]:
    clients, seed, seconds = options.clients, options.seed, options.seconds
    match options.scenario:
        case "reload":
            return [await reloads(folder, count=options.count, clients=clients, seed=seed)]
        case "valkey":
            return [await valkey(folder, count=options.count, clients=clients, seed=seed)]
        case "stop":
            return [await stop(folder, workers=options.workers, clients=clients, seconds=seconds, seed=seed)]
        case _:
            return await slow_clients(folder, slow=options.count, clients=clients, seconds=seconds, seed=seed)


if __name__ == "__main__":
    main()
