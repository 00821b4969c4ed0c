"""How the CPU time of execution grows with the length of lists, the size of responses and the number of fetches.

`python -m tests.benchmarks.growth`. Subgraphs answer from memory, so that decoding, merging and encoding are all that counts.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from common.http import Request, Response
from gateway.composition import Subgraph, compose
from gateway.execution import CompiledPlan, RequestContext, compile_plan
from gateway.planning import Planner
from gateway.supergraph import Supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) '
ITEM = "id: ID! title: String! price: Int! tags: [String!]! text: String!"
ROOT = (
    LINK
    + f"""type Query {{ items: [Item!]! }} type Item @key(fields: "id") {{ {ITEM} maker: Maker! near: [Thing!]! }}
    type Maker @key(fields: "id") {{ id: ID! }} union Thing = X | Y type X {{ a: String }} type Y {{ b: String }}"""
)
MAKERS = LINK + 'type Maker @key(fields: "id") { id: ID! name: String! country: String }'
CHAIN = 8


def further(number: int) -> str:
    """A subgraph that knows one more field of an item."""
    return LINK + f'type Item @key(fields: "id") {{ id: ID! f{number}: Int! }}'


class Canned:
    """Answers a body the same way each time; the first time by `answer`."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> None:
        self.url = ""
        self._answer = answer
        self._known: dict[bytes, Response] = {}

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - the protocol's
        del timeout
        response = self._known.get(request.body)
        if response is None:
            sent = json.loads(request.body).get("variables", {}).get("representations", [])
            body = msgspec.json.encode({"data": self._answer(sent)})
            response = self._known[request.body] = Response(200, (), body)
        return response

    async def close(self) -> None:
        """Holds nothing."""


def items(count: int, makers: int, text: int) -> list[dict[str, Any]]:
    return [
        {
            "__typename": "Item",
            "id": str(number),
            "title": f"title of {number}",
            "price": number,
            "tags": ["a", "b"],
            "text": "x" * text,
            "maker": {"__typename": "Maker", "id": str(number % makers)},
            "near": [{"__typename": "X", "a": str(number)}, {"__typename": "Y", "b": "y"}],
        }
        for number in range(count)
    ]


def context(count: int, makers: int, text: int) -> RequestContext:
    transports = {
        "root": Canned(lambda _: {"items": items(count, makers, text)}),
        "makers": Canned(
            lambda sent: {"_entities": [{"name": "m" + each["id"], "country": "DE"} for each in sent]}
        ),
    }
    for number in range(CHAIN):
        field = f"f{number}"
        transports[f"more{number}"] = Canned(
            lambda sent, field=field: {"_entities": [{field: int(each["id"])} for each in sent]}  # type: ignore[misc]
        )
    return RequestContext(transports=transports, headers=lambda _: ())


async def microseconds(compiled: CompiledPlan, given: RequestContext, count: int) -> tuple[float, int]:
    compiled.prepare({})
    size = len((await compiled.execute({}, given)).encode())
    repetitions = max(3, 3000 // count)
    start = time.process_time()
    for _ in range(repetitions):
        (await compiled.execute({}, given)).encode()
    return (time.process_time() - start) / repetitions * 1e6, size


def measure() -> None:
    """Prints the table."""
    subgraphs = {"root": ROOT, "makers": MAKERS} | {f"more{n}": further(n) for n in range(CHAIN)}
    composed = compose(Subgraph(name=name, sdl=sdl, url=name) for name, sdl in subgraphs.items())
    assert composed.supergraph_sdl, composed.errors
    supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
    planner = Planner(supergraph)
    sys.stdout.write(f"{'execution, CPU':42}{'items':>7}{'bytes':>10}{'us':>10}{'us/item':>9}\n")
    for name, operation, makers, text in CASES:
        for count in (1, 10, 100, 1000, 10_000):
            compiled = compile_plan(planner.plan(operation), supergraph)
            given = context(count, min(makers, count), text)
            spent, size = asyncio.run(microseconds(compiled, given, count))
            sys.stdout.write(f"{name:42}{count:7}{size:10}{spent:10.0f}{spent / count:9.2f}\n")


def fields(count: int) -> str:
    return " ".join(f"f{number}" for number in range(count))


CASES = (
    ("one fetch", "{ items { id title price tags } }", 1, 10),
    ("one fetch, 1 KB of text an item", "{ items { id title price tags text } }", 1, 1000),
    ("one fetch, two of a union an item", "{ items { id near { ... on X { a } ... on Y { b } } } }", 1, 10),
    ("2 fetches, each item an entity", "{ items { id title f0 } }", 1, 10),
    ("2 fetches, ten entities in all", "{ items { id title maker { name country } } }", 10, 10),
    ("5 fetches, each item in four of them", f"{{ items {{ id title {fields(4)} }} }}", 1, 10),
    ("9 fetches, each item in eight of them", f"{{ items {{ id title {fields(8)} }} }}", 1, 10),
)

if __name__ == "__main__":
    measure()
