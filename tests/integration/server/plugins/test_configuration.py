"""How plugins are found, configured, started, replaced and closed."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gateway.server.app import create_router_app
from gateway.server.config import ConfigError, load_config, parse_config
from gateway.server.plugins import (
    Plugin,
)
from gateway.supergraph import Supergraph
from tests.integration.server.plugins.recorder import NamedConfig


class Living(Plugin[NamedConfig]):
    lives: ClassVar[list[str]] = []

    async def start(self) -> None:
        if self.config.name == "broken":
            raise OSError("no database")
        self.lives.append(f"start {self.config.name}")

    async def close(self) -> None:
        self.lives.append(f"close {self.config.name}")


@pytest.fixture
def lives() -> Iterator[list[str]]:
    Living.lives.clear()
    yield Living.lives
    Living.lives.clear()


def named(name: str) -> str:
    return f"plugins: {{{__name__}.Living: {{name: {name}}}}}"


async def test_a_plugin_lives_as_long_as_its_generation(graph: Any, lives: list[str]) -> None:
    harness = graph(config=named("old"))
    router, supergraph = harness.app, Supergraph.from_sdl(harness.supergraph_sdl)
    assert lives == []
    for _ in range(2):
        await harness.ask("{ greeting }")
    assert lives == ["start old"]
    await (await router.replace(supergraph, parse_config(named("new"), {})))
    assert lives == ["start old", "start new", "close old"]
    with pytest.raises(ValueError, match="Living did not start: no database"):
        await router.replace(supergraph, parse_config(named("broken"), {}))
    assert (await harness.ask("{ greeting }")).data
    async with router:
        pass
    assert lives == ["start old", "start new", "close old", "close new"]


async def test_an_app_whose_plugin_does_not_start_does_not_start(graph: Any) -> None:
    app = create_router_app(graph(config=named("broken")).app)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    (message,) = sent
    assert message["type"] == "lifespan.startup.failed"
    assert "no database" in message["message"]


PLUGIN = """
from msgspec import Struct
from gateway.server.plugins import Plugin, SupergraphResponse

class StampConfig(Struct, frozen=True):
    text: str = "none"

class Stamp(Plugin[StampConfig]):
    async def supergraph_response(self, response: SupergraphResponse) -> None:
        response.extensions["stamp"] = "1 " + self.config.text
"""


async def test_a_plugin_beside_the_configuration_is_found_and_read_anew_when_it_has_changed(
    graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "stamping_plugin.py").write_text(PLUGIN)
    file = tmp_path / "router.yaml"
    file.write_text("plugins:\n  stamping_plugin.Stamp: {text: a}\n")
    harness = graph(config=load_config(file, {}))
    assert (await harness.ask("{ greeting }")).extensions == {"stamp": "1 a"}
    supergraph = Supergraph.from_sdl(harness.supergraph_sdl)

    (tmp_path / "stamping_plugin.py").write_text(PLUGIN.replace('"1 "', '"2 "'))
    await (await harness.app.replace(supergraph, load_config(file, {})))
    assert (await harness.ask("{ greeting }")).extensions == {"stamp": "2 a"}

    (tmp_path / "stamping_plugin.py").write_text("this is no Python")
    with pytest.raises(
        ConfigError, match=r"router\.yaml:2: `plugins` names 'stamping_plugin\.Stamp', which cannot"
    ):
        load_config(file, {})
    assert (await harness.ask("{ greeting }")).extensions == {"stamp": "2 a"}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            "my.module.Audit: {}",
            "router.yaml:2: `plugins` names 'my.module.Audit', which cannot be loaded: No module",
        ),
        ("json.loads: {}", "router.yaml:2: `plugins` names 'json.loads', which is no subclass"),
        ("audit: {}", "router.yaml:2: Unknown key `audit`; a plugin is named by its class"),
        (f"{__name__}.Living:\n    nam: x", "router.yaml:3: Unknown key `nam`; did you mean `name`?"),
        (f"{__name__}.Living:\n    name: [x]", "router.yaml:3: `name`: Expected `str`, got `array`"),
        (f"{__name__}.Living: 7", "router.yaml:2: Expected an object"),
        ("experimental: {expose: true}", "router.yaml:1: `plugins`: `experimental` has `expose_query_plan`"),
        (
            "experimental.expose_query_plan: 7",
            "router.yaml:1: `plugins`: `expose_query_plan`: Expected `bool`",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(section: str, message: str) -> None:
    with pytest.raises(ConfigError) as failure:
        parse_config(f"plugins:\n  {section}\n", {})
    assert str(failure.value).startswith(message)


def test_a_plugin_without_a_section_has_its_defaults() -> None:
    assert parse_config(f"plugins:\n  {__name__}.Living:\n", {}).plugins.named


def test_without_plugins_nothing_of_them_is_loaded() -> None:
    import subprocess

    code = (
        "import sys; from gateway.server.router import Router; from gateway.supergraph import Supergraph\n"
        "Router(Supergraph.from_sdl(open('tests/integration/server/supergraph.graphql').read()), apps=dict(products=1, reviews=1))\n"
        "assert not [name for name in sys.modules if name.startswith('gateway.server.plugins')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_the_manuals_plugin_does_what_it_says(
    graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    page = (Path(__file__).parents[4] / "docs/plugins.md").read_text()
    code, section = (page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "yaml"))
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "audit.py").write_text(code)
    (tmp_path / "router.yaml").write_text(section)
    answer = await graph(config=load_config(tmp_path / "router.yaml", {})).ask("{ greeting }")
    assert (answer.status, answer.errors[0]["extensions"]["code"]) == (403, "FORBIDDEN")
    (tmp_path / "router.yaml").write_text(section.replace("[t1, t2]", '[""]'))
    assert (await graph(config=load_config(tmp_path / "router.yaml", {})).ask("{ greeting }")).data
    assert ("shop.audit", logging.WARNING, ": 0 errors") in caplog.record_tuples
