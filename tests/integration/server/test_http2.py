"""The router asks a subgraph by HTTP/2 where its configuration says so."""

from typing import Any

import msgspec
import pytest

from gateway.server.config import parse_config
from tests.integration.http.http2_peers import hypercorn
from tests.integration.server.graph import products


class Versions:
    """The products; `seen` are the HTTP versions that they were asked by."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._app = products()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.add(scope.get("http_version", ""))
        await self._app(scope, receive, send)


@pytest.mark.parametrize(
    ("config", "version"),
    [
        ("traffic_shaping: {all: {experimental_http2: http2only}}", "2"),
        ("traffic_shaping: {subgraphs: {products: {experimental_http2: http2only}}}", "2"),
        ("traffic_shaping: {all: {experimental_http2: enable}}", "1.1"),
        ("", "1.1"),
    ],
)
async def test_the_version_is_what_the_configuration_says(
    make_router: Any, client_of: Any, config: str, version: str
) -> None:
    app = Versions()
    async with hypercorn(app) as url:
        settings = msgspec.structs.replace(parse_config(config, {}), override_subgraph_url={"products": url})
        router = make_router(settings)
        async with client_of(router) as client:
            answer = await client.post("/", json={"query": "{products {name}}"})
        assert answer.json() == {"data": {"products": [{"name": "Chair"}, {"name": "Table"}]}}
        assert app.seen - {""} == {version}
        await router.close()
