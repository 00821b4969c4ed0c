"""Clients that ask one after another over kept connections, and count what becomes of it."""

import asyncio
import json
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

OPERATIONS = (
    "query Names {products {name}}",
    "query Reviews {products {name reviews {body}}}",
    "query Both {a: products {name} b: products(first: 1) {id reviews {body}}}",
    'mutation Rename {rename(id: "1", name: "Chair") {name}}',
    "query Type {__typename}",
)


@dataclass
class Figures:
    """What became of all requests; `latencies` of those that were answered, in seconds.

    A request that could not be sent, as nobody listens any more, is not among the `failures`: another router's turn.
    """

    answered: int = 0
    refused: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.failures.total()

    def percentile(self, share: int) -> float:
        """Milliseconds that `share` of 100 requests took at most."""
        return statistics.quantiles(self.latencies, n=100)[share - 1] * 1000

    def line(self, seconds: float) -> str:
        """The figures in words."""
        return (
            f"{self.answered} answered ({self.answered / seconds:.0f} a second), {self.failed} failed, "
            f"p50 {self.percentile(50):.1f} ms, p99 {self.percentile(99):.1f} ms, "
            f"longest {max(self.latencies) * 1000:.0f} ms"
        )


class Client:
    """One client; it connects again where the router has closed, and ends where nobody listens."""

    def __init__(self, url: str, seed: int, figures: Figures) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path
        self._random = random.Random(seed)
        self._figures = figures
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask_until(self, over: asyncio.Event) -> None:
        """Asks until `over` is set."""
        while not over.is_set():
            try:
                self._connection = self._connection or await asyncio.open_connection(self._host, self._port)
            except ConnectionRefusedError:
                self._figures.refused += 1
                return
            await self._ask(self._random.choice(OPERATIONS))
        self._close()

    async def _ask(self, operation: str) -> None:
        started = time.perf_counter()
        try:
            body = json.loads(await self._exchange(json.dumps({"query": operation}).encode()))
        except (OSError, EOFError, ValueError) as error:
            self._figures.failures[repr(error)] += 1
            self._close()
            return
        if "errors" in body:
            self._figures.failures[json.dumps(body["errors"])] += 1
        else:
            self._figures.answered += 1
            self._figures.latencies.append(time.perf_counter() - started)

    async def _exchange(self, body: bytes) -> bytes:
        assert self._connection is not None
        reader, writer = self._connection
        head = f"POST {self._path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        answer = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self._close()
        if " 200 " not in status:
            raise ValueError(status)
        return answer

    def _close(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None


async def load(url: str, over: asyncio.Event, *, clients: int, seed: int) -> Figures:
    """What became of the requests of so many clients, until `over` is set or nobody listens."""
    figures = Figures()
    asking = [Client(url, seed * 1000 + number, figures) for number in range(clients)]
    await asyncio.gather(*(client.ask_until(over) for client in asking))
    return figures
