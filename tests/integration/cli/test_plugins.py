"""Plugins and functions for policies as `hansa serve` finds them: beside the configuration, changed while it serves."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.integration.cli.test_serve import serving, supergraph

__all__ = ("supergraph",)  # the fixture

CONFIG = """
authorization: {policies: deciding.decide}
plugins:
  stamping.Stamp: {text: a}
"""
DECIDING = "async def decide(policies, caller, request):\n    return policies\n"
STAMPING = """
from msgspec import Struct
from gateway.server.plugins import Plugin, SupergraphResponse

class StampConfig(Struct, frozen=True):
    text: str

class Stamp(Plugin[StampConfig]):
    async def supergraph_response(self, response: SupergraphResponse) -> None:
        response.extensions["stamp"] = "old " + self.config.text
"""
LIMIT = 20.0


def test_an_edited_plugin_counts_without_a_restart_and_a_broken_one_is_refused(
    supergraph: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "router.yaml").write_text(CONFIG)
    (folder / "deciding.py").write_text(DECIDING)
    (folder / "stamping.py").write_text(STAMPING)
    arguments = ("--supergraph", supergraph, "--listen", "127.0.0.1:0", "--config", folder / "router.yaml")
    with serving(*arguments, "--watch") as (url, _), httpx.Client(base_url=url) as client:
        assert stamp(client) == "old a"
        (folder / "stamping.py").write_text("no Python")
        wait_for(lambda: 'hansa_router_reloads_total{result="refused"} 1' in metrics(url))
        assert stamp(client) == "old a"
        (folder / "stamping.py").write_text(STAMPING.replace("old", "new"))
        wait_for(lambda: stamp(client) == "new a")
        assert 'hansa_router_reloads_total{result="refused"} 1' in metrics(url)


def wait_for(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def metrics(url: str) -> str:
    return httpx.get(f"{url.removesuffix('/graphql')}/metrics").text


def stamp(client: httpx.Client) -> str:
    answer = client.post("", json={"query": "{ __typename }"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["extensions"]["stamp"])
