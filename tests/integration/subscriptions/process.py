"""`hansa serve` in a process of its own, over a subgraph that this process serves."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.streaming.conftest import served
from tests.integration.subscriptions.graph import Changes, prices_app, supergraph_sdl

HANSA = Path(sys.executable).parent / "hansa"


@asynccontextmanager
async def hansa_serve(
    folder: Path, changes: Changes
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The URL of the router and its process."""
    async with served(prices_app(changes), port=0) as subgraph:
        url = f"http://127.0.0.1:{subgraph.servers[0].sockets[0].getsockname()[1]}/graphql"
        file = folder / "supergraph.graphql"
        file.write_text(supergraph_sdl(url, url))
        command = [HANSA, "serve", "--supergraph", file, "--listen", "127.0.0.1:0"]
        environment = {**os.environ, "LOG_LEVEL": "WARNING"}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stderr=asyncio.subprocess.PIPE
        )
        try:
            yield await _listening(process), process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(60):
        while not (found := re.search(rb"listens on (\S+)", said)):
            line = await process.stderr.readline()
            assert line, said
            said += line
    return found[1].decode()
