"""The composer beside `@apollo/composition`, in one run: CPU seconds of a warm process for a composition.

The graphs are the benchmark's four subgraphs and generated ones of 2,000 types in 100 subgraphs and less. The first run
installs the reference composer, a development tool, under `.hansa/benchmark-composition`.

    python -m tests.benchmarks.composition
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from gateway.composition import Subgraph, compose

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / ".hansa" / "benchmark-composition"
SIZES = ((10, 200), (20, 400), (50, 1000), (100, 2000), (100, 500))
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",'
    ' import: ["@key", "@shareable", "@external", "@requires", "@tag"])'
)
APOLLO = """
import { runApollo } from './oracle.mjs';
import fs from 'node:fs';
const [file, rounds] = process.argv.slice(2);
const { subgraphs } = JSON.parse(fs.readFileSync(file));
const seconds = [];
for (let round = 0; round < Number(rounds); round++) {
  const start = process.cpuUsage();
  if (!runApollo(subgraphs).ok) throw new Error('does not compose');
  const used = process.cpuUsage(start);
  seconds.push((used.user + used.system) / 1e6);
}
console.log(JSON.stringify(seconds));
"""


def main() -> None:
    shared = Path(os.environ.get("HANSA_SHARED", ROOT / "../shared")).resolve()
    if not shared.is_dir():
        sys.exit(f"{shared} is absent: HANSA_SHARED names the folder that holds the benchmark")
    _install(shared / "composition")
    graphs = {"benchmark, 4 subgraphs": _benchmark(shared / "benchmark" / "data" / "sdl")}
    graphs |= {f"{count} subgraphs, {types} types": generated(count, types) for count, types in SIZES}
    _say(f"{'CPU seconds, median warm':32}{'hansa':>10}{'apollo':>10}{'ratio':>8}")
    for name, subgraphs in graphs.items():
        rounds = 15 if len(subgraphs) < 10 else 4
        ours, theirs = _hansa(subgraphs, rounds), _apollo(subgraphs, rounds)
        _say(f"{name:32}{ours:10.4f}{theirs:10.4f}{ours / theirs:8.2f}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _install(source: Path) -> None:
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    for name in ("oracle.mjs", "package.json"):
        shutil.copyfile(source / name, WORKSPACE / name)
    (WORKSPACE / "bench.mjs").write_text(APOLLO)
    if not (WORKSPACE / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--silent"], cwd=WORKSPACE, check=True)


def _benchmark(folder: Path) -> list[Subgraph]:
    files = sorted(folder.glob("*.graphql"))
    return [Subgraph(name=file.stem, sdl=file.read_text(), url=f"http://{file.stem}") for file in files]


def generated(count: int, types: int) -> list[Subgraph]:
    """Subgraphs that hold their share of the types, extend one entity of another for each, and share value types."""
    return [Subgraph(name=f"s{index}", sdl=_generated(index, count, types)) for index in range(count)]


def _generated(index: int, count: int, types: int) -> str:
    mine = range(index, types, count)
    lines = [LINK, "type Query {", *(f"  t{each}(id: ID!): T{each}" for each in mine), "}"]
    for each in mine:
        other = (each * 7 + 1) % types
        lines.append(
            f'"""Type {each}"""\ntype T{each} @key(fields: "id") {{ id: ID! name: String! @tag(name: "a")'
            f" count(first: Int = 10): [Int!]! value: V{each % 50} next: T{other} }}"
        )
        if other % count != index:
            lines.append(
                f'type T{other} @key(fields: "id") {{ id: ID! name: String! @external'
                f' extra{index}: Int @requires(fields: "name") }}'
            )
    for each in sorted({each % 50 for each in mine}):
        lines.append(f"type V{each} @shareable {{ a: Int b: String c: [String!]! e: E{each} }}")
        lines.append(f"enum E{each} {{ A B C }}")
    return "\n".join(dict.fromkeys(lines))


def _hansa(subgraphs: list[Subgraph], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        errors = compose(subgraphs).errors
        seconds.append(time.process_time() - start)
        if errors:
            sys.exit(f"does not compose: {errors[0].message}")
    return statistics.median(seconds[1:])


def _apollo(subgraphs: list[Subgraph], rounds: int) -> float:
    file = WORKSPACE / "case.json"
    given = [{"name": each.name, "sdl": each.sdl} for each in subgraphs]
    file.write_text(json.dumps({"subgraphs": given}))
    done = subprocess.run(
        ["node", "bench.mjs", file, str(rounds)],
        cwd=WORKSPACE,
        check=True,
        capture_output=True,
        text=True,
    )
    return statistics.median(json.loads(done.stdout)[1:])


if __name__ == "__main__":
    main()
