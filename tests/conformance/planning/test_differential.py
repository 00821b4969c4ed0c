"""Whatever a plan fetches from deterministic subgraphs equals what one schema over the same data answers."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from graphql import print_schema

from common.http.messages import Request, Response
from gateway.composition import Subgraph, compose
from gateway.execution import RequestContext, coerce_variables, compile_plan
from gateway.planning import Planner
from gateway.supergraph import Supergraph

SEED = 20
CASES_PER_FILE = 25
OPERATIONS_PER_CASE = 4

EXCEPTIONS = {
    "cosmo-fieldset-directives-that-typename-keys-create-an-entity-link-between-subgraphs-0": "the mock finds no id in a key of __typename alone",
    "cosmo-fieldset-directives-that-typename-keys-create-an-implicit-entity-link-between-subgraphs-0": "the same",
    "grafbase-enum-only-outputs-enums-enum-only-outputs-fed2-link-0": "the mock answers a value that the subgraph's enum lacks",
    "hive-required-inaccessible-required-inaccessible-5": "the mock's default of an inaccessible input field differs",
    "hive-required-inaccessible-required-inaccessible-11": "the same",
    "hive-satisfiability-error-deeply-nested-interfaces-with-requires-fields-fragment-0": "the mock answers null where the subgraph says non-null",
}


class MockTransport:
    """Answers for one subgraph of a mock model."""

    def __init__(self, model: Any, name: str) -> None:
        self.url = name
        self._model = model

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109  the port's own
        del timeout
        body = json.loads(request.body)
        answer = self._model.run(self.url, body["query"], body.get("variables"), body.get("operationName"))
        return Response(200, (("content-type", "application/json"),), json.dumps(answer).encode())

    async def close(self) -> None:
        """Holds nothing."""


async def differences(mockgraph: ModuleType, subgraphs: list[dict[str, str]], sdl: str) -> list[str]:
    """The random operations whose answers differ."""
    supergraph = Supergraph.from_sdl(sdl)
    api = print_schema(supergraph.api_schema)
    model = mockgraph.Model(subgraphs, api)
    planner = Planner(supergraph)
    context = RequestContext(
        transports={name: MockTransport(model, name) for name in supergraph.subgraphs}, headers=lambda _: ()
    )
    found = []
    for operation in mockgraph.gen_ops(api, OPERATIONS_PER_CASE, SEED, mutations=True):
        plan = planner.plan(operation["query"])
        variables = coerce_variables(plan.operation, supergraph.api_schema, operation["variables"])
        result = await compile_plan(plan, supergraph).execute(variables, context)
        if result.data != model.run("_api", operation["query"], operation["variables"])["data"]:
            found.append(f"{operation['query']}\n{plan}")
    return found


def composed_cases(shared: Path, name: str) -> Iterator[tuple[str, list[dict[str, str]], str]]:
    with gzip.open(shared / "composition" / f"{name}.jsonl.gz", "rt") as lines:
        next(lines)
        cases = [json.loads(line) for line in lines]
    chosen = [case for case in cases if case["apollo"]["ok"] and case["id"] not in EXCEPTIONS]
    for case in random.Random(SEED).sample(chosen, min(len(chosen), CASES_PER_FILE)):
        composed = compose(
            Subgraph(name=subgraph["name"], sdl=subgraph["sdl"]) for subgraph in case["subgraphs"]
        )
        if composed.supergraph_sdl is not None:
            yield case["id"], case["subgraphs"], composed.supergraph_sdl


async def test_audit_suites_answer_like_one_schema(
    mockgraph: ModuleType, audit_suites: list[dict[str, Any]]
) -> None:
    for suite in audit_suites:
        assert not await differences(mockgraph, suite["subgraphs"], suite["supergraph"]), suite["suite"]


@pytest.mark.parametrize("name", ["hive", "cosmo", "grafbase"])
async def test_composed_cases_answer_like_one_schema(mockgraph: ModuleType, shared: Path, name: str) -> None:
    count = 0
    for identity, subgraphs, sdl in composed_cases(shared, name):
        assert not await differences(mockgraph, subgraphs, sdl), identity
        count += 1
    assert count > CASES_PER_FILE // 2
