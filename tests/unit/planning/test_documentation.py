"""The plan that the documentation shows is the plan that is made."""

import re
from pathlib import Path

from gateway.composition import Subgraph, compose
from gateway.planning import Planner
from gateway.supergraph import Supergraph

DOCUMENT = Path(__file__).parents[3] / "docs" / "planning.md"
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])\n'


def test_the_example_is_planned_as_it_is_shown() -> None:
    schemas, operation, plan = re.findall(r"```\w+\n(.*?)\n?```", DOCUMENT.read_text(), re.DOTALL)
    named = re.findall(r"# (\w+)\n([^#]*)", schemas)
    composed = compose(Subgraph(name=name, sdl=LINK + sdl) for name, sdl in named)
    assert composed.supergraph_sdl is not None
    assert str(Planner(Supergraph.from_sdl(composed.supergraph_sdl)).plan(operation)) == plan
