"""`python -m tests.conformance.planning`: the differential run over all composition cases, as long as you like.

Prints each operation whose answer differs, with its plan, and fails if there is any.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from tests.conformance.planning.differential import Comparison, Share, composed_cases, load_mockgraph

FILES = ("hive", "cosmo", "grafbase")


async def compare(shared: Path, files: list[str], share: Share) -> int:
    """How many operations differ."""
    mockgraph = load_mockgraph(shared)
    cases = count = 0
    for file in files:
        for identity, subgraphs, sdl in composed_cases(shared, file):
            cases += 1
            try:
                found = await Comparison(mockgraph, subgraphs, sdl).differences(share)
            except Exception as error:  # noqa: BLE001  whatever it is, the other cases are run
                found = [repr(error)]
            count += len(found)
            for text in found:
                sys.stdout.write(f"{identity}:\n{text}\n\n")
        sys.stdout.write(f"{file}: {cases} cases so far, {count} differences\n")
        sys.stdout.flush()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.planning", description=__doc__)
    parser.add_argument("files", nargs="*", default=FILES, help="composition files, by default all")
    parser.add_argument("--operations", type=int, default=20, help="random operations a case (20)")
    parser.add_argument("--seed", type=int, default=1, help="where the random operations start (1)")
    options = parser.parse_args()
    shared = Path(os.environ.get("HANSA_SHARED", "../shared"))
    share = Share(options.operations, options.seed)
    sys.exit(1 if asyncio.run(compare(shared, options.files, share)) else 0)


if __name__ == "__main__":
    main()
