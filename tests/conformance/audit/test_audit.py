"""The conformance suites of the public federation audit, over the router's own core.

The suites' data stays in the shared folder; the behaviour of their subgraphs is in `suites/`, a file a suite.
Each runs over the supergraph that the reference composer made and over Hansa's own.
"""

import json
import os
import secrets
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gateway.composition import Subgraph, compose
from gateway.supergraph import Supergraph
from tests.conformance.audit.subgraph import FakeSubgraph
from tests.conformance.router import answer

FOLDER = Path(os.environ.get("HANSA_SHARED", "../shared"), "audit")
SUITES = sorted(path.stem for path in Path(__file__).parent.joinpath("suites").glob("*.py"))


@cache
def suite(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name.replace('_', '-')}.json"
    if not path.is_file():
        pytest.skip(f"the conformance data is absent: {path}")
    data: dict[str, Any] = json.loads(path.read_text())
    return data


@cache
def supergraph(name: str, composer: str) -> Supergraph:
    data = suite(name)
    if composer == "reference":
        return Supergraph.from_sdl(data["supergraph"])
    result = compose(Subgraph(**each) for each in data["subgraphs"])
    assert result.supergraph_sdl, result.errors
    return Supergraph.from_sdl(result.supergraph_sdl)


@pytest.mark.parametrize("composer", ["reference", "hansa"])
@pytest.mark.parametrize("name", SUITES)
async def test_suite_is_answered_as_the_audit_expects(name: str, composer: str) -> None:
    data = suite(name)
    resolvers = import_module(f"tests.conformance.audit.suites.{name}").resolvers(data["entities"])
    wrong = []
    for case in data["tests"]:
        run = json.loads(json.dumps(case).replace("@@RANDOM@@", secrets.token_hex(4)))
        subgraphs = {
            each["name"]: FakeSubgraph(each["name"], each["sdl"], resolvers[each["name"]])
            for each in data["subgraphs"]
        }
        body = await answer(supergraph(name, composer), subgraphs, run["query"], run["variables"])
        if mismatch := differs(body, run["expected"]):
            wrong.append(f"{run['query']}\n{mismatch}\n{json.dumps(body)}")
    assert not wrong, "\n\n".join(wrong)


def differs(body: dict[str, Any], expected: dict[str, Any]) -> str | None:
    if expected.get("errors") and not body.get("errors"):
        return "no errors where errors are expected"
    if "data" in expected and without_nulls(body.get("data")) != without_nulls(expected["data"]):
        return f"expected {json.dumps(expected['data'])}"
    return None


def without_nulls(value: Any) -> Any:
    """A missing member equals null: the audit's rule."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
