"""The playground runs a subscription, event by event."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.integration.streaming.conftest import served
from tests.integration.subscriptions.graph import Changes, prices_app, supergraph_sdl

if TYPE_CHECKING:
    from conftest import Console


pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def console(
    chromium: Path,
    dist: Path,
    start_hansa: Callable[..., str],
    open_console: Callable[[str], Awaitable[Console]],
    tmp_path: Path,
) -> AsyncIterator[Console]:
    del chromium, dist
    async with served(prices_app(Changes()), port=0) as subgraph:
        url = f"http://127.0.0.1:{subgraph.servers[0].sockets[0].getsockname()[1]}/graphql"
        supergraph = tmp_path / "supergraph.graphql"
        supergraph.write_text(supergraph_sdl(url, url))
        router = start_hansa("serve", "--supergraph", str(supergraph), "--listen", "127.0.0.1:{port}")
        yield await open_console(router)


async def test_the_last_event_is_shown(console: Console) -> None:
    await console.write("subscription { countdown(start: 2) { price } }")

    assert '"price": 0' in await console.run()
