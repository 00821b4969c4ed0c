"""`python -m tests.benchmarks.planning`: what loading and planning cost, in milliseconds of CPU time.

Each line is one supergraph and one operation that is hard in its own way. Warm is the median of five plans of one
planner after a first one; there is no plan cache in between. Turn is how long a first plan in a thread keeps the
interpreter from an event loop at most: the thread's CPU time between two turns of the loop.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

from msgspec import Struct

from gateway.planning import OperationError, Planner
from gateway.server.process import settle
from gateway.supergraph import Supergraph

ROUNDS = 5
IDLE_TURNS = 20
"""After how many turns of the loop without any planning it is over."""


class Case(Struct, frozen=True):
    name: str
    types: str
    operation: str
    subgraphs: int


def machinery(subgraphs: int) -> str:
    graphs = " ".join(f'G{n} @join__graph(name: "g{n}", url: "")' for n in range(subgraphs))
    return f"""
    schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) {{ query: Query }}
    enum join__Graph {{ {graphs} }}
    """


def joins(subgraphs: int, *, key: str = "id") -> str:
    return " ".join(f'@join__type(graph: G{n}, key: "{key}")' for n in range(subgraphs))


def implementations(count: int) -> Case:
    """An interface with many implementations, of which each has a field in another subgraph."""
    types = [
        "type Query @join__type(graph: G0) { nodes: [Node] }",
        f"interface Node {joins(2)} {{ id: ID! a: Int b: Int }}",
    ]
    for number in range(count):
        implements = " ".join(f'@join__implements(graph: G{n}, interface: "Node")' for n in range(2))
        types.append(
            f"type T{number} implements Node {implements} {joins(2)} "
            "{ id: ID! a: Int @join__field(graph: G0) b: Int @join__field(graph: G1) }"
        )
    return Case(f"{count} implementations", "\n".join(types), "{ nodes { id a b } }", 2)


def fields(count: int, subgraphs: int) -> Case:
    """An entity whose many fields lie in several subgraphs."""
    names = [f"f{number}: Int @join__field(graph: G{number % subgraphs})" for number in range(count)]
    types = (
        "type Query @join__type(graph: G0) { t: [T] }"
        f"type T {joins(subgraphs)} {{ id: ID! {' '.join(names)} }}"
    )
    selected = " ".join(f"f{number}" for number in range(count))
    return Case(f"{count} fields, {subgraphs} subgraphs", types, f"{{ t {{ {selected} }} }}", subgraphs)


def shared(subgraphs: int, levels: int) -> Case:
    """Entities of which every subgraph has every field: all ways stand open at each level."""
    types = ["type Query @join__type(graph: G0) { t: T0 }"]
    for level in range(levels):
        own = f"own{level}: Int @join__field(graph: G{subgraphs - 1 - level})"
        types.append(f"type T{level} {joins(subgraphs)} {{ id: ID! next: T{level + 1} {own} }}")
    types.append(f"type T{levels} {joins(subgraphs)} {{ id: ID! v: Int }}")
    operation = (
        "{ t " + "".join(f"{{ own{level} next " for level in range(levels)) + "{ v }" + "}" * levels + "}"
    )
    return Case(f"{subgraphs} subgraphs, {levels} levels", "\n".join(types), operation, subgraphs)


def alternating(levels: int) -> Case:
    """A chain that changes the subgraph at each level."""
    types = (
        "type Query @join__type(graph: G0) { t: T }"
        f"type T {joins(2)} {{ id: ID! a: T @join__field(graph: G0) b: T @join__field(graph: G1) }}"
    )
    inner = "".join("{ b " if level % 2 else "{ a " for level in range(levels))
    return Case(f"alternation of {levels}", types, "{ t " + inner + "{ __typename }" + "}" * levels + "}", 2)


def diverging(levels: int) -> Case:
    """An interface whose types part at each level, so that fetches multiply."""
    implements = " ".join(f'@join__implements(graph: G{n}, interface: "Node")' for n in range(2))
    types = f"""
    type Query @join__type(graph: G0) {{ node: Node }}
    interface Node {joins(2)} {{ id: ID! a: Node b: Node }}
    type X implements Node {implements} {joins(2)} {{ id: ID! a: Node b: Node @join__field(graph: G1) }}
    type Y implements Node {implements} {joins(2)} {{ id: ID! a: Node @join__field(graph: G0) b: Node }}
    """
    inner = "".join("{ b " if level % 2 else "{ a " for level in range(levels))
    return Case(f"diverging {levels} levels", types, "{ node " + inner + "{ id }" + "}" * levels + "}", 2)


def members(count: int) -> Case:
    """A union of many members with a field each, in two subgraphs."""
    types = ["type Query @join__type(graph: G0) { all: [U] }"]
    types += [
        f"type M{n} {joins(2)} {{ id: ID! a{n}: Int @join__field(graph: G0) b{n}: Int @join__field(graph: G1) }}"
        for n in range(count)
    ]
    unions = " ".join(f'@join__unionMember(graph: G0, member: "M{n}")' for n in range(count))
    types.append(f"union U @join__type(graph: G0) {unions} = " + " | ".join(f"M{n}" for n in range(count)))
    selected = " ".join(f"... on M{n} {{ a{n} b{n} }}" for n in range(count))
    return Case(f"union of {count}", "\n".join(types), f"{{ all {{ {selected} }} }}", 2)


def many_types(count: int) -> Case:
    """A large supergraph; the operation is small."""
    types = ["type Query @join__type(graph: G0) { t: T0 }"]
    for number in range(count):
        names = " ".join(f"f{n}(x: Int): String @join__field(graph: G{n % 10})" for n in range(10))
        types.append(f"type T{number} {joins(10)} {{ id: ID! next: T{(number + 1) % count} {names} }}")
    return Case(f"{count} types", "\n".join(types), "{ t { next { f1 f2 } } }", 10)


def cases() -> Iterator[Case]:
    yield implementations(70)
    yield fields(300, 5)
    yield members(70)
    yield shared(30, 5)
    yield alternating(50)
    yield alternating(98)
    yield diverging(8)
    yield diverging(98)
    yield many_types(2000)


def milliseconds(start: float) -> float:
    return (time.process_time() - start) * 1000


async def longest_turn(planner: Planner, operation: str) -> float:
    """The longest time that planning in a thread takes between two turns of the loop."""
    finished = Event()

    def plan() -> None:
        with suppress(OperationError):
            planner.plan(operation)
        finished.wait()

    thread = Thread(target=plan)
    thread.start()
    assert thread.ident is not None
    clock = time.pthread_getcpuclockid(thread.ident)
    longest = before = 0.0
    idle = 0
    while idle < IDLE_TURNS:
        await asyncio.sleep(0.001)
        now = time.clock_gettime(clock)
        idle = idle + 1 if now == before else 0
        longest, before = max(longest, now - before), now
    finished.set()
    thread.join()
    return longest * 1000


def measure(case: Case) -> str:
    sdl = machinery(case.subgraphs) + case.types
    start = time.process_time()
    planner = Planner(Supergraph.from_sdl(sdl))
    loaded = milliseconds(start)
    times = []
    outcome = ""
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        try:
            plan = planner.plan(case.operation)
            outcome = f"{plan.fetch_count} requests, {plan.depth} deep"
        except OperationError as error:
            outcome = error.code
        times.append(milliseconds(start))
    turn = asyncio.run(longest_turn(Planner(Supergraph.from_sdl(sdl)), case.operation))
    warm = statistics.median(times[1:])
    return f"{case.name:28}{loaded:9.1f}{times[0]:9.1f}{warm:9.1f}{turn:9.1f}  {outcome}"


def main() -> None:
    settle()
    sys.stdout.write(f"{'':28}{'load':>9}{'first':>9}{'warm':>9}{'turn':>9}\n")
    for found in cases():
        sys.stdout.write(measure(found) + "\n")


if __name__ == "__main__":
    main()
