"""A client that goes away, over real sockets: its query's fetches are cancelled, its mutation is finished."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL

RENAME = 'mutation {rename(id: "1", name: "Stool") {name}}'
ANSWER = b'{"data":{"rename":{"name":"Stool"}}}'


class SlowSubgraph:
    """Reads one request at a time and answers it when released."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.release = asyncio.Event()
        self.answered = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        self.asked.set()
        closing = asyncio.create_task(self._watch(reader))
        await asyncio.wait(
            {closing, asyncio.create_task(self.release.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        if not self.left.is_set():
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            writer.write(head % len(ANSWER) + ANSWER)
            await writer.drain()
            self.answered.set()
        closing.cancel()
        writer.close()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
        self.left.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
        finally:
            self.release.set()
            server.close()
            await server.wait_closed()


async def leave_midway(url: str, subgraph: SlowSubgraph, method: str, **request: Any) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        asking = asyncio.create_task(client.request(method, f"{url}/graphql", **request))
        async with asyncio.timeout(5):
            await subgraph.asked.wait()
        asking.cancel()
        await asyncio.wait({asking})


@pytest.mark.parametrize(("method", "place"), [("POST", "json"), ("GET", "params")])
async def test_a_querys_fetches_are_cancelled(
    method: str, place: str, make_router: Any, serve: Any, caplog: Any
) -> None:
    caplog.set_level("INFO", "hansa.router")
    subgraph = SlowSubgraph()
    async with subgraph.listening() as url:
        config = msgspec.structs.replace(LOCAL, override_subgraph_url={"products": url})
        async with serve(create_router_app(make_router(config))) as root:
            await leave_midway(root, subgraph, method, **{place: {"query": "{products {name}}"}})
            async with asyncio.timeout(5):
                await subgraph.left.wait()
    assert not subgraph.answered.is_set()
    statuses = [record.__dict__["data"]["status"] for record in caplog.records if record.msg == "request"]
    assert statuses == [499]


async def test_a_mutation_is_finished(make_router: Any, serve: Any) -> None:
    subgraph = SlowSubgraph()
    async with subgraph.listening() as url:
        config = msgspec.structs.replace(LOCAL, override_subgraph_url={"products": url})
        async with serve(create_router_app(make_router(config))) as root:
            await leave_midway(root, subgraph, "POST", json={"query": RENAME})
            await asyncio.sleep(0.2)
            assert not subgraph.left.is_set()
            subgraph.release.set()
            async with asyncio.timeout(5):
                await subgraph.answered.wait()
