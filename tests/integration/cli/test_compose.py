"""`hansa compose` with subgraphs that are asked for their schema over HTTP."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.rover import load_subgraphs
from gateway.server.config import ConfigError

SDL = "type Query { hello: String }"


class Subgraph(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))["query"]
        known = self.path == "/graphql" and "_service { sdl }" in query
        body = json.dumps({"data": {"_service": {"sdl": SDL}}}).encode() if known else b"<html>"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Subgraph)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def configured(folder: Path, url: str) -> Path:
    file = folder / "supergraph.yaml"
    file.write_text(f"subgraphs:\n  hello:\n    schema:\n      subgraph_url: ${{env.URL:-{url}}}\n")
    return file


async def test_a_subgraph_is_asked_for_its_sdl_and_routed_to_where_it_was_asked(
    url: str, tmp_path: Path
) -> None:
    (subgraph,) = await load_subgraphs(configured(tmp_path, f"{url}/graphql"), {})
    assert (subgraph.name, subgraph.sdl, subgraph.url) == ("hello", SDL, f"{url}/graphql")


async def test_what_answers_no_sdl_is_named_with_its_line(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"supergraph\.yaml:2: The subgraph `hello` at .*/other does not answer `_service"
    ):
        await load_subgraphs(configured(tmp_path, f"{url}/other"), {})


async def test_a_url_may_come_from_the_environment(url: str, tmp_path: Path) -> None:
    (subgraph,) = await load_subgraphs(configured(tmp_path, "http://nowhere"), {"URL": f"{url}/graphql"})
    assert subgraph.url == f"{url}/graphql"
