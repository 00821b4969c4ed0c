"""A real `hansa serve` over two subgraphs that answer the same each time, a little later."""

import asyncio
import os
import random
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from common.http import Request, open_transport

ROOT = Path(__file__).parents[2]
SUPERGRAPH = ROOT / "tests/integration/server/supergraph.graphql"
LIMIT = 60.0
_PRODUCT = '{"__typename":"Product","id":"1","name":"Chair"}'
_ANSWERS = {
    "products": f'{{"data":{{"products":[{_PRODUCT}],"a":[{_PRODUCT}],"b":[{_PRODUCT}],"rename":{_PRODUCT}}}}}',
    "reviews": '{"data":{"_entities":[{"__typename":"Product","reviews":[{"body":"Good"}]}]}}',
}


class Router:
    """A running `hansa serve` and its log."""

    def __init__(self, process: asyncio.subprocess.Process, supergraph: Path) -> None:
        self.process = process
        self.supergraph = supergraph
        self.url = ""
        self._lines: list[str] = []
        self._came = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def until(self, text: str) -> str:
        """The line with `text`, as soon as it is there."""
        async with asyncio.timeout(LIMIT), self._came:
            await self._came.wait_for(lambda: self._with(text))
            return self._with(text)[-1]

    async def until_reloaded(self, count: int) -> None:
        """Returns once as many other supergraphs were taken."""
        transport = open_transport(self.url)
        taken = f'hansa_router_reloads_total{{result="taken"}} {count:.1f}'.encode()
        async with asyncio.timeout(LIMIT):
            while taken not in (await transport.send(Request(path="/metrics", method="GET"))).body:  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.02)
        await transport.close()

    async def metric(self, start: str) -> float:
        """The sum of all samples of the metrics that begin so."""
        transport = open_transport(self.url)
        metrics = (await transport.send(Request(path="/metrics", method="GET"))).body.decode()
        await transport.close()
        return sum(float(line.rpartition(" ")[2]) for line in metrics.splitlines() if line.startswith(start))

    def megabytes(self) -> float:
        """The memory that the process holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self) -> int:
        """The exit status."""
        async with asyncio.timeout(LIMIT):
            status = await self.process.wait()
            await self._reading
            return status

    def _with(self, text: str) -> list[str]:
        return [line for line in self._lines if text in line]

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._came:
                self._lines.append(line.decode())
                self._came.notify_all()


@asynccontextmanager
async def router(
    folder: Path, *, seed: int, workers: int = 1, config: str | None = None
) -> AsyncIterator[Router]:
    """A router that is up; its files are in `folder`."""
    async with _subgraph("products", seed) as products, _subgraph("reviews", seed) as reviews:
        supergraph = folder / "supergraph.graphql"
        sdl = SUPERGRAPH.read_text().replace("app://products/graphql", products)
        supergraph.write_text(sdl.replace("app://reviews/graphql", reviews))
        process = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("hansa"), "serve", "--supergraph", supergraph),
            *("--listen", "127.0.0.1:0", "--workers", str(workers)),
            *(() if config is None else ("--config", _written(folder / "router.yaml", config))),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LOG_LEVEL": "WARNING"},
        )
        running = Router(process, supergraph)
        try:
            found = re.search(r"http://\S+", await running.until("listens on"))
            assert found
            running.url = found[0]
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await running.end()


def _written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


@asynccontextmanager
async def _subgraph(name: str, seed: int) -> AsyncIterator[str]:
    chance, data = random.Random(seed), _ANSWERS[name].encode()
    answer = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data
    )

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._transport = transport

        def data_received(self, _: bytes) -> None:
            asyncio.get_running_loop().call_later(chance.random() * 0.02, self._answer)

        def _answer(self) -> None:
            if not self._transport.is_closing():
                self._transport.write(answer)

    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    finally:
        server.close()
