"""Plans by hand over subgraphs that answer from a function."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, build_schema, parse

from common.http import Request, Response
from gateway.execution import CompiledPlan, ExecutionResult, RequestContext, coerce_variables, compile_plan
from gateway.execution.typed import Programs
from gateway.planning.plan import Each, Key, OfType, Path, PlanNode, QueryPlan, Representation, RequiredField

Answers = Callable[[dict[str, Any]], Any]


@dataclass
class FakeSubgraph:
    """A transport. `answers` gives the JSON value of the response to a decoded request, or a Response."""

    answers: Answers
    url: str = "app://fake/graphql"
    requests: list[dict[str, Any]] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - the protocol's
        del timeout
        self.sent.append(request)
        self.requests.append(msgspec.json.decode(request.body))
        answer = self.answers(self.requests[-1])
        if isinstance(answer, Awaitable):
            answer = await answer
        return answer if isinstance(answer, Response) else Response(200, (), msgspec.json.encode(answer))

    async def close(self) -> None:
        pass


@dataclass
class Router:
    """One compiled operation and its subgraphs."""

    plan: QueryPlan
    schema: Any
    compiled: CompiledPlan
    subgraphs: Mapping[str, FakeSubgraph]

    async def execute(self, variables: Mapping[str, Any] | None = None, **context: Any) -> ExecutionResult:
        coerced = coerce_variables(self.plan.operation, self.schema, variables or {})
        given = {"headers": lambda _subgraph: (), **context}
        self.compiled.prepare(coerced)
        return await self.compiled.execute(coerced, RequestContext(transports=self.subgraphs, **given))


def make_router(sdl: str, operation: str, node: PlanNode | None, **answers: Answers) -> Router:
    schema = build_schema(sdl)
    definitions = parse(operation).definitions
    plan = QueryPlan(
        operation=next(d for d in definitions if isinstance(d, OperationDefinitionNode)),
        fragments={d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)},
        node=node,
    )
    compiled = compile_plan(plan, SimpleNamespace(api_schema=schema))
    return Router(plan, schema, compiled, {name: FakeSubgraph(answer) for name, answer in answers.items()})


def make_path(text: str) -> Path:
    """`users.@.|[User,Admin].name` as path steps."""
    return tuple(_step(part) for part in text.split("."))


def _step(part: str) -> Key | Each | OfType:
    if part == "@":
        return Each()
    return OfType(tuple(part[2:-1].split(","))) if part.startswith("|[") else Key(part)


def make_representation(type_name: str, *fields: str, **options: Any) -> Representation:
    return Representation(
        type_name, (type_name,), tuple(RequiredField(name, name) for name in fields), **options
    )


@pytest.fixture(params=["typed", "general"])
def router(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Router]:
    """Both ways to run a plan: what is said of one holds for the other."""
    if request.param == "general":
        monkeypatch.setattr(Programs, "of", lambda _self, _variables: None)
    return make_router


@pytest.fixture
def path() -> Callable[[str], Path]:
    return make_path


@pytest.fixture
def representation() -> Callable[..., Representation]:
    return make_representation
