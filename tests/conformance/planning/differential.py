"""Random operations over deterministic subgraphs, whose answers are those of one schema over the same data.

Each operation is run by both ways of execution as it is, and once more with parts of it deferred (@defer): all parts together answer the
same, and the primary plan alone answers what is not deferred.
"""

import gzip
import importlib.util
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from graphql import DocumentNode, execute_sync, parse, print_ast, print_schema
from msgspec.structs import replace

from common.http.messages import Request, Response
from gateway.composition import Subgraph, compose
from gateway.execution import Payload, RequestContext, coerce_variables, compile_plan
from gateway.execution.merge import merge
from gateway.planning import Planner, QueryPlan
from gateway.planning import plan as nodes
from gateway.supergraph import Supergraph
from tests.conformance.planning.deferring import with_random_defers, without_deferred

EXCEPTIONS = {
    "cosmo-fieldset-directives-that-typename-keys-create-an-entity-link-between-subgraphs-0": "the mock finds no id in a key of __typename alone",
    "cosmo-fieldset-directives-that-typename-keys-create-an-implicit-entity-link-between-subgraphs-0": "the same",
    "grafbase-enum-only-outputs-enums-enum-only-outputs-fed2-link-0": "the mock answers a value that the subgraph's enum lacks",
    "hive-key-invalid-fields-type--0": "the mock knows no key that is a list of strings",
    "hive-required-inaccessible-required-inaccessible-5": "the mock's default of an inaccessible input field differs",
    "hive-required-inaccessible-required-inaccessible-11": "the same",
    "hive-satisfiability-error-deeply-nested-interfaces-with-requires-fields-fragment-0": "the mock answers null where the subgraph says non-null",
}


def load_mockgraph(shared: Path) -> ModuleType:
    """The mock of any subgraphs, which is a file and no package."""
    specification = importlib.util.spec_from_file_location("mockgraph", shared / "planning" / "mockgraph.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


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


class Share(NamedTuple):
    """How many operations a case, from which seed."""

    operations: int
    seed: int


class Comparison:
    """Runs operations of one case both ways."""

    def __init__(self, mockgraph: Any, subgraphs: list[dict[str, str]], sdl: str) -> None:
        self._supergraph = Supergraph.from_sdl(sdl)
        self._api = print_schema(self._supergraph.api_schema)
        self._generate = mockgraph.gen_ops
        self._model = mockgraph.Model(subgraphs, self._api)
        self._planner = Planner(self._supergraph)
        self._context = RequestContext(
            transports={name: MockTransport(self._model, name) for name in self._supergraph.subgraphs},
            headers=lambda _: (),
        )

    async def differences(self, share: Share) -> list[str]:
        """The operations whose answers differ, each with its plan."""
        found = []
        choice = random.Random(share.seed)
        for operation in self._generate(self._api, share.operations, share.seed, mutations=True):
            document = parse(operation["query"], no_location=True)
            deferring = with_random_defers(document, choice)
            for asked, plan in self._plans(document, deferring):
                if not await self._is_equal(asked, plan, operation["variables"]):
                    found.append(f"{print_ast(asked)}\n{plan}")
            plan = self._planner.plan(deferring)
            if not await self._is_equal_in_parts(document, plan, operation["variables"]):
                found.append(f"in parts: {print_ast(deferring)}\n{plan}")
        return found

    def _plans(
        self, document: DocumentNode, deferring: DocumentNode
    ) -> Iterator[tuple[DocumentNode, QueryPlan]]:
        """What is asked of one schema, and the plan that answers it."""
        yield document, self._planner.plan(document)
        plan = self._planner.plan(deferring)
        if not isinstance(plan.node, nodes.Defer):
            return
        primary, later = plan.node.primary, [part.node for part in plan.node.deferred]
        yield document, replace(plan, node=nodes.Sequence(tuple(node for node in (primary, *later) if node)))
        at_once = without_deferred(plan.operation)
        if at_once is not None:
            alone = DocumentNode(definitions=(at_once, *plan.fragments.values()))
            yield alone, replace(plan, operation=at_once, node=primary)

    async def _is_equal(self, asked: DocumentNode, plan: QueryPlan, raw: dict[str, Any]) -> bool:
        variables = coerce_variables(plan.operation, self._supergraph.api_schema, raw)
        compiled = compile_plan(plan, self._supergraph)
        general = await compiled.execute(variables, self._context)
        compiled.prepare(variables)
        typed = await compiled.execute(variables, self._context)
        expected = execute_sync(self._model.mono_schema(), asked, variable_values=raw)
        return bool(general.data == typed.data == expected.data)

    async def _is_equal_in_parts(self, asked: DocumentNode, plan: QueryPlan, raw: dict[str, Any]) -> bool:
        variables = coerce_variables(plan.operation, self._supergraph.api_schema, raw)
        compiled = compile_plan(plan, self._supergraph)
        if not compiled.defers(variables):
            return True
        payloads = [payload async for payload in compiled.execute_in_parts(variables, self._context)]
        expected = execute_sync(self._model.mono_schema(), asked, variable_values=raw)
        is_ended = [payload.has_next for payload in payloads] == [True] * (len(payloads) - 1) + [False]
        return is_ended and joined(payloads) == expected.data


def joined(payloads: Sequence[Payload]) -> dict[str, Any] | None:
    """What a client has made of an answer in parts."""
    data = payloads[0].data
    for patch in (patch for payload in payloads for patch in payload.incremental or ()):
        value: Any = data
        for key in patch.path:
            value = value[key]
        merge(value, patch.data or {})
    return data


def composed_cases(
    shared: Path, name: str, count: int | None = None, seed: int = 0
) -> Iterator[tuple[str, list[dict[str, str]], str]]:
    """Composition cases with our supergraph: the name, the subgraphs and the SDL; `count` of them or all."""
    with gzip.open(shared / "composition" / f"{name}.jsonl.gz", "rt") as lines:
        next(lines)
        cases = [json.loads(line) for line in lines]
    chosen = [case for case in cases if case["apollo"]["ok"] and case["id"] not in EXCEPTIONS]
    if count is not None:
        chosen = random.Random(seed).sample(chosen, min(len(chosen), count))
    for case in chosen:
        composed = compose(
            Subgraph(name=subgraph["name"], sdl=subgraph["sdl"]) for subgraph in case["subgraphs"]
        )
        if composed.supergraph_sdl is not None:
            yield case["id"], case["subgraphs"], composed.supergraph_sdl
