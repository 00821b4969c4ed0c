"""`hansa serve` is given other files, a signal, and another answer of a URL, while it runs."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.integration.cli.serving import INTROSPECTION, LIMIT, serving


def test_a_changed_supergraph_is_taken_and_a_broken_one_is_refused(tmp_path: Path, sdl: str) -> None:
    file = tmp_path / "supergraph.graphql"
    file.write_text(sdl)
    with serving("--supergraph", file, "--watch") as router:
        assert "node" in router.fields()
        file.write_text(sdl.replace("node: Node", "root: Node"))
        router.until("was taken")
        assert "root" in router.fields()
        file.write_text(sdl + "type {")
        refused = router.until("The reload is refused")
        assert "supergraph.graphql:" in refused
        assert "root" in router.fields()
        metrics = httpx.get(httpx.URL(router.url).join("/metrics")).text
        assert 'hansa_router_reloads_total{result="taken"} 1.0' in metrics
        assert 'hansa_router_reloads_total{result="refused"} 1.0' in metrics


def test_a_configuration_is_read_again_on_sighup(tmp_path: Path, sdl: str) -> None:
    (tmp_path / "supergraph.graphql").write_text(sdl)
    config = tmp_path / "router.yaml"
    config.write_text("supergraph: {introspection: true}")
    with serving("--supergraph", tmp_path / "supergraph.graphql", "--config", config) as router:
        assert "node" in router.fields()
        config.write_text("supergraph: {introspectoin: true}")
        router.process.send_signal(signal.SIGHUP)
        assert "router.yaml:1" in router.until("The reload is refused")
        assert "node" in router.fields()
        mode = "subscription: {mode: {callback: {public_url: 'http://router', path: /from-subgraphs}}}"
        config.write_text(f"supergraph: {{introspection: false, path: /other}}\n{mode}")
        router.process.send_signal(signal.SIGHUP)
        router.until("The new value of `supergraph.path` counts from the next start on")
        router.until("The new value of `subscription.mode.callback.path` counts from the next start on")
        assert "errors" in httpx.post(router.url, json=INTROSPECTION).json()


class Site:
    """Serves `text` under an entity tag; `unchanged` counts what was not sent again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_down = False
        self.unchanged = threading.Semaphore(0)

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        tag = f'"{hash(self.text)}"'
        if self.is_down:
            handler.send_error(503)
        elif handler.headers.get("if-none-match") == tag:
            self.unchanged.release()
            handler.send_response(304)
            handler.end_headers()
        else:
            body = self.text.encode()
            handler.send_response(200)
            handler.send_header("etag", tag)
            handler.send_header("content-length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)


@contextmanager
def published(text: str) -> Iterator[tuple[str, Site]]:
    site = Site(text)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.respond(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
            """Tests have no use for an access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/supergraph.graphql", site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_url_is_asked_whether_it_has_changed(sdl: str) -> None:
    with (
        published(sdl) as (url, site),
        serving("--supergraph", url, "--watch", "--poll-interval", "100ms") as router,
    ):
        assert site.unchanged.acquire(timeout=LIMIT)
        site.is_down = True
        router.until("answers with status 503")
        assert "node" in router.fields()
        site.text, site.is_down = sdl.replace("node: Node", "root: Node"), False
        router.until("was taken")
        assert "root" in router.fields()
