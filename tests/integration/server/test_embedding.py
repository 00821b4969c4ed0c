"""The router inside other programs: docs/embedding.md, run."""

import asyncio
import json
import logging
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import gateway
from gateway.server.config import ConfigError
from gateway.supergraph import SupergraphError
from tests.integration.server.graph import SubgraphApp

PAGE = (Path(__file__).parents[3] / "docs/embedding.md").read_text()
EXAMPLES = dict(re.findall(r"^## ([\w ]+)\n.*?^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
QUERY = {"query": "{products {name reviews {body}}}"}
ANSWER = {
    "data": {
        "products": [
            {"name": "Chair", "reviews": [{"body": "Good Chair"}]},
            {"name": "Table", "reviews": [{"body": "Good Table"}]},
        ]
    }
}
Example = Callable[[str], SimpleNamespace]


@pytest.fixture
def example(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    subgraphs: dict[str, SubgraphApp],
    subgraph_urls: dict[str, str],
) -> Example:
    """Runs the code below a heading of the page where the files that it names are; gives what it defines."""

    def run(heading: str) -> SimpleNamespace:
        sdl = (Path(__file__).parent / "supergraph.graphql").read_text()
        if heading in ("FastAPI", "Starlette", "Litestar"):
            for name, url in subgraph_urls.items():
                sdl = sdl.replace(f"app://{name}/graphql", f"{url}/graphql")
        (tmp_path / "supergraph.graphql").write_text(sdl)
        (tmp_path / "router.yaml").write_text("subscription: {enabled: true}")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setitem(sys.modules, "shop", SimpleNamespace(**subgraphs, Sessions=Sessions))
        defined: dict[str, Any] = {}
        exec(EXAMPLES[heading], defined)
        return SimpleNamespace(**defined)

    return run


@pytest.fixture
async def subgraph_urls(subgraphs: dict[str, SubgraphApp], serve: Any) -> Any:
    async with serve(subgraphs["products"]) as products, serve(subgraphs["reviews"]) as reviews:
        yield {"products": products, "reviews": reviews}


def test_the_page_has_an_example_for_each_framework() -> None:
    frameworks = ["FastAPI", "Starlette", "Litestar"]
    assert list(EXAMPLES) == [*frameworks, "Subgraphs of the same process", "Who is signed in"]


@pytest.mark.parametrize("framework", ["FastAPI", "Starlette", "Litestar"])
async def test_mounted_it_answers_as_alone_and_is_closed_with_the_app(
    framework: str, example: Example, serve: Any, client_of: Any
) -> None:
    found = example(framework)
    async with (
        serve(found.app) as url,
        httpx.AsyncClient(base_url=url) as inside,
        client_of(found.router) as alone,
    ):
        answer = await inside.post("/graphql", json=QUERY)
        assert (answer.status_code, answer.json()) == (200, ANSWER)
        assert (await alone.post("/", json=QUERY)).json() == ANSWER
        by_get = await inside.get("/graphql", params=QUERY)
        assert (by_get.status_code, by_get.json()) == (200, ANSWER)
        assert (await inside.patch("/graphql", json=QUERY)).headers["allow"] == "GET, POST"
        assert (await inside.get("/elsewhere")).status_code == 404
    async with client_of(found.router) as closed:
        assert (await closed.post("/", json={"query": "{products {id}}"})).status_code == 500


@pytest.mark.parametrize("framework", ["FastAPI", "Starlette", "Litestar"])
async def test_mounted_it_takes_websockets(framework: str, example: Example) -> None:
    found = example(framework)
    received: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    subprotocol = "graphql-transport-ws"
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"shop"), (b"sec-websocket-protocol", subprotocol.encode())],
        "subprotocols": [subprotocol],
        "scheme": "ws",
    }
    async with asyncio.timeout(10), found.router:
        task = asyncio.create_task(found.app(scope, received.get, sent.put))
        await received.put({"type": "websocket.connect"})
        accepted = await sent.get()
        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", subprotocol)
        asked = {"id": "1", "type": "subscribe", "payload": QUERY}
        for message in ({"type": "connection_init"}, asked):
            await received.put({"type": "websocket.receive", "text": json.dumps(message)})
        assert json.loads((await sent.get())["text"])["type"] == "connection_ack"
        assert json.loads((await sent.get())["text"]) == {"id": "1", "type": "next", "payload": ANSWER}
        await received.put({"type": "websocket.disconnect", "code": 1000})
        await task


async def test_subgraphs_of_the_process_are_asked_with_no_socket_below_a_prefix(
    example: Example, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = example("Subgraphs of the same process")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    async with found.router, client_of(found.app) as client:
        assert (await client.post("/shop/graphql", json=QUERY)).json() == ANSWER
        assert (await client.get("/shop/health/ready")).status_code == 200
        assert "http_server_request_duration_seconds" in (await client.get("/shop/metrics")).text
        page = await client.get("/shop/")
        assert (
            page.status_code == 503 or 'content="/shop/graphql"' in page.text
        )  # where the console is not built
        assert (await client.post("/graphql", json=QUERY)).status_code == 404


class Sessions:
    """Middleware that knows one session."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if dict(scope.get("headers", ())).get(b"cookie") == b"session=7":
            scope["user"] = "u7"
        await self._app(scope, receive, send)


async def test_what_the_app_around_knows_of_the_caller_is_the_routers_by_a_plugin(
    example: Example, client_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found = example("Who is signed in")
    with caplog.at_level(logging.INFO, "hansa.router"):
        async with found.router, client_of(found.app) as client:
            for headers in ({"cookie": "session=7"}, {}):
                assert (await client.post("/graphql", json=QUERY, headers=headers)).json() == ANSWER
    lines = [record.data for record in caplog.records if record.getMessage() == "request"]  # type: ignore[attr-defined]
    assert [line.get("caller") for line in lines] == ["u7", None]


def test_files_that_cannot_be_served_are_told(tmp_path: Path) -> None:
    file = tmp_path / "supergraph.graphql"
    with pytest.raises(FileNotFoundError):
        gateway.load_router(file)
    file.write_text("type Query {")
    with pytest.raises(SupergraphError):
        gateway.load_router(file)
    file.write_text((Path(__file__).parent / "supergraph.graphql").read_text())
    with pytest.raises(ConfigError, match=r"router\.yaml:1"):
        gateway.load_router(file, tmp_path / "router.yaml")
    with pytest.raises(ValueError, match="no application 'products'"):
        gateway.load_router(file)
