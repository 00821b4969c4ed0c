"""Plugins: what their hooks see and change at each stage, how they fail, how they are found and replaced."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
from msgspec import Struct

from gateway.server.app import create_router_app
from gateway.server.config import ConfigError, load_config, parse_config
from gateway.server.plugins import (
    ExecutionRequest,
    ExecutionResponse,
    NoConfig,
    Plugin,
    RouterRequest,
    RouterResponse,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)
from gateway.supergraph import Supergraph
from gateway.testing import FakeSubgraph, Harness, MakeHarness
from tests.integration.server.issuer import ISSUER, Issuer

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated"])
type Query { greeting(to: String): String me: String @authenticated }
type Mutation { shout: String }
"""
QUERY = "query Greet($to: String) { greeting(to: $to) }"
STAGES = ("router", "supergraph", "execution", "subgraph")


class NamedConfig(Struct, frozen=True):
    name: str = "one"


class Recorder(Plugin[NamedConfig]):
    """Leaves its name at every stage, in the context."""

    async def router_request(self, request: RouterRequest) -> None:
        self.leave("router_request", request)

    async def router_response(self, response: RouterResponse) -> None:
        self.leave("router_response", response)
        response.headers["x-stages"] = " ".join(response.context["stages"])

    async def supergraph_request(self, request: SupergraphRequest) -> None:
        self.leave("supergraph_request", request)

    async def supergraph_response(self, response: SupergraphResponse) -> None:
        self.leave("supergraph_response", response)

    async def execution_request(self, request: ExecutionRequest) -> None:
        self.leave("execution_request", request)

    async def execution_response(self, response: ExecutionResponse) -> None:
        self.leave("execution_response", response)

    async def subgraph_request(self, request: SubgraphRequest) -> None:
        self.leave("subgraph_request", request)

    async def subgraph_response(self, response: SubgraphResponse) -> None:
        self.leave("subgraph_response", response)

    def leave(self, stage: str, given: Any) -> None:
        given.context.setdefault("stages", []).append(f"{self.config.name}.{stage}")


@pytest.fixture
def greeter() -> FakeSubgraph:
    return FakeSubgraph(
        SDL,
        {"Query.greeting": lambda to="all": f"Hello {to}", "Query.me": "you", "Mutation.shout": "HELLO"},
    )


@pytest.fixture
def graph(router: MakeHarness, greeter: FakeSubgraph) -> Any:
    def make(*plugins: Any, **options: Any) -> Harness:
        return router({"greeter": greeter}, plugins=plugins, **options)

    return make


async def test_requests_meet_plugins_in_order_and_responses_in_reverse(graph: Any) -> None:
    recorders = [lambda name=name: Recorder(NamedConfig(name)) for name in ("one", "two")]
    answer = await graph(*recorders).ask(QUERY, {"to": "you"})
    assert answer.data == {"greeting": "Hello you"}
    inwards = [f"{name}.{stage}_request" for stage in STAGES for name in ("one", "two")]
    outwards = [f"{name}.{stage}_response" for stage in STAGES[::-1] for name in ("two", "one")]
    assert answer.headers["x-stages"].split() == inwards + outwards


async def test_a_hook_sees_and_changes_each_stages_request(graph: Any, greeter: FakeSubgraph) -> None:
    class Changing(Plugin[NoConfig]):
        async def router_request(self, request: RouterRequest) -> None:
            assert (request.method, request.path, request.headers["X-First"]) == ("POST", "/graphql", "1")
            request.headers["x-tenant"] = "t1"
            request.body = request.body.replace(b"you", b"him")

        async def supergraph_request(self, request: SupergraphRequest) -> None:
            assert (request.query, request.operation_name) == (QUERY, None)
            assert request.headers["x-tenant"] == "t1"
            assert request.variables == {"to": "him"}
            request.query = request.query.replace("greeting", "g: greeting")
            request.variables["to"] = "her"

        async def execution_request(self, request: ExecutionRequest) -> None:
            assert (request.operation_name, request.operation_kind) == ("Greet", "query")
            assert "greeter" in str(request.plan)
            assert "g: greeting" in request.query
            request.variables["to"] += " and him"

        async def subgraph_request(self, request: SubgraphRequest) -> None:
            assert (request.subgraph, request.uri) == ("greeter", "app://greeter/graphql")
            assert request.headers["x-tenant"] == "t1"
            request.headers["x-signed"] = "yes"
            request.body["variables"]["to"] += " and them"

    graph = graph(
        lambda: Changing(NoConfig()), config="headers: {all: {request: [{propagate: {named: x-tenant}}]}}"
    )
    answer = await graph.ask(QUERY, {"to": "you"}, headers={"x-first": "1"})
    assert answer.data == {"g": "Hello her and him and them"}, answer.body
    assert greeter.requests[0].headers["x-signed"] == "yes"


async def test_a_hook_sees_and_changes_each_stages_response(graph: Any) -> None:
    class Changing(Plugin[NoConfig]):
        async def subgraph_response(self, response: SubgraphResponse) -> None:
            assert (response.subgraph, response.status) == ("greeter", 200)
            assert response.headers["content-type"] == "application/json"
            response.body["data"]["greeting"] += "!"

        async def execution_response(self, response: ExecutionResponse) -> None:
            assert response.data == {"greeting": "Hello all!"}
            response.data["greeting"] += "!"

        async def supergraph_response(self, response: SupergraphResponse) -> None:
            assert response.data == {"greeting": "Hello all!!"}
            response.extensions["took"] = 1
            response.headers["x-took"] = "1"
            response.status = 201

        async def router_response(self, response: RouterResponse) -> None:
            assert response.headers["content-type"] == "application/json"
            assert response.headers["x-took"] == "1"
            assert response.status == 201
            response.body = response.body.replace(b"Hello", b"Bye")

    answer = await graph(lambda: Changing(NoConfig())).ask("{ greeting }")
    assert (answer.status, answer.data) == (201, {"greeting": "Bye all!!"})
    assert (answer.headers["x-took"], answer.extensions) == ("1", {"took": 1})


class Answering(Plugin[NamedConfig]):
    """Answers in the place of the stage that its name says."""

    async def router_request(self, request: RouterRequest) -> RouterResponse | None:  # noqa: ARG002
        return RouterResponse.error(402, "Pay", "PAYMENT") if self.config.name == "router" else None

    async def supergraph_request(self, request: SupergraphRequest) -> SupergraphResponse | None:  # noqa: ARG002
        told = SupergraphResponse.error("Pay", "PAYMENT", status=402)
        return told if self.config.name == "supergraph" else None

    async def execution_request(self, request: ExecutionRequest) -> ExecutionResponse | None:  # noqa: ARG002
        return ExecutionResponse(data={"greeting": "Hi"}) if self.config.name == "execution" else None

    async def subgraph_request(self, request: SubgraphRequest) -> SubgraphResponse | None:  # noqa: ARG002
        told = SubgraphResponse(body={"data": {"greeting": "Hi"}})
        return told if self.config.name == "subgraph" else None


@pytest.mark.parametrize("stage", STAGES)
async def test_a_hook_may_answer_itself_and_nothing_below_is_asked(
    graph: Any, greeter: FakeSubgraph, stage: str
) -> None:
    graph = graph(lambda: Recorder(NamedConfig()), lambda: Answering(NamedConfig(stage)))
    answer = await graph.ask("{ greeting }")
    if stage in ("router", "supergraph"):
        assert answer.status == 402
        assert answer.errors == [{"message": "Pay", "extensions": {"code": "PAYMENT"}}]
    else:
        assert answer.data == {"greeting": "Hi"}
    assert greeter.requests == []
    above = STAGES[: STAGES.index(stage)][::-1]
    passed = answer.headers.get("x-stages", "").split()
    assert [each for each in passed if "response" in each] == [f"one.{name}_response" for name in above]


async def test_an_early_answer_within_a_batch_is_that_entrys(graph: Any) -> None:
    class Picky(Plugin[NoConfig]):
        async def supergraph_request(self, request: SupergraphRequest) -> SupergraphResponse | None:
            return SupergraphResponse(data={"me": "cached"}) if "me" in request.query else None

    graph = graph(lambda: Picky(NoConfig()), config="batching: {enabled: true}")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(graph.app), base_url="http://r") as client:
        answers = await client.post(
            "/graphql", json=[{"query": "{me}"}, {"query": "{greeting}"}, {"query": "{x}"}]
        )
    first, second, third = answers.json()
    assert first == {"data": {"me": "cached"}}
    assert second == {"data": {"greeting": "Hello all"}}
    assert third["errors"]


async def test_operations_of_a_connection_that_carries_several_pass_the_stages_too(
    graph: Any, serve: Any
) -> None:
    """By graphql-sse's single connection mode: a reserved stream, and a request for each operation."""
    graph = graph(
        lambda: Recorder(NamedConfig()), lambda: Stages(NoConfig()), config="subscription: {enabled: true}"
    )
    async with (
        asyncio.timeout(10),
        serve(create_router_app(graph.app)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        token = {"x-graphql-event-stream-token": (await client.put("/graphql")).text}
        accept = {**token, "accept": "text/event-stream"}
        async with client.stream("GET", "/graphql", headers=accept) as stream:
            asked = {"query": "{ greeting }", "extensions": {"operationId": "1"}}
            assert (await client.post("/graphql", json=asked, headers=token)).status_code == 202
            data = (line async for line in stream.aiter_lines() if line.startswith("data: "))
            told = msgspec.json.decode((await anext(data)).removeprefix("data: "))
    stages = told["payload"]["extensions"]["stages"]
    inwards = [f"one.{stage}_request" for stage in STAGES]
    outwards = [f"one.{stage}_response" for stage in ("subgraph", "execution", "supergraph")]
    assert stages == inwards + outwards


class Stages(Plugin[NoConfig]):
    """Answers which stages the context says that were passed."""

    async def supergraph_response(self, response: SupergraphResponse) -> None:
        response.extensions["stages"] = response.context["stages"]


async def test_what_is_refused_passes_the_router_stage_on_its_way_out(graph: Any) -> None:
    answer = await graph(lambda: Recorder(NamedConfig())).ask("{ nowhere }")
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer.headers["x-stages"].split()[-1] == "one.router_response"


async def test_claims_are_read_and_given(graph: Any) -> None:
    class Session(Plugin[NoConfig]):
        async def router_request(self, request: RouterRequest) -> None:
            if request.claims is None and "cookie" in request.headers:
                request.claims = {"sub": "u7", "scope": "read"}

        async def supergraph_response(self, response: SupergraphResponse) -> None:
            response.extensions["caller"] = response.claims and response.claims["sub"]

    issuer = Issuer()
    key_set = f"{{url: app://identity/keys, issuers: [{ISSUER}], audiences: [hansa]}}"
    graph = graph(
        lambda: Session(NoConfig()),
        config=f"authentication: {{router: {{jwt: {{jwks: [{key_set}]}}}}}}\nauthorization: {{require_authentication: true}}",
        apps={"identity": issuer},
    )
    signed_in = await graph.ask("{ me }", headers={"authorization": f"Bearer {issuer.token(sub='u1')}"})
    assert (signed_in.data, signed_in.extensions) == ({"me": "you"}, {"caller": "u1"})
    by_session = await graph.ask("{ me }", headers={"cookie": "session=1"})
    assert (by_session.data, by_session.extensions) == ({"me": "you"}, {"caller": "u7"})
    assert (await graph.ask("{ me }")).status == 401


@pytest.mark.parametrize("plugin", [Recorder, Plugin])
async def test_anonymous_requests_are_refused_with_any_plugin(graph: Any, plugin: Any) -> None:
    graph = graph(lambda: plugin(NamedConfig()), config="authorization: {require_authentication: true}")
    assert (await graph.ask("{ greeting }")).status == 401


class Failing(Plugin[NamedConfig]):
    async def router_request(self, request: RouterRequest) -> None:  # noqa: ARG002
        self.fail("router_request")

    async def router_response(self, response: RouterResponse) -> None:  # noqa: ARG002
        self.fail("router_response")

    async def supergraph_request(self, request: SupergraphRequest) -> None:  # noqa: ARG002
        self.fail("supergraph_request")

    async def supergraph_response(self, response: SupergraphResponse) -> None:  # noqa: ARG002
        self.fail("supergraph_response")

    async def execution_request(self, request: ExecutionRequest) -> None:  # noqa: ARG002
        self.fail("execution_request")

    async def execution_response(self, response: ExecutionResponse) -> None:  # noqa: ARG002
        self.fail("execution_response")

    async def subgraph_request(self, request: SubgraphRequest) -> None:  # noqa: ARG002
        self.fail("subgraph_request")

    async def subgraph_response(self, response: SubgraphResponse) -> None:  # noqa: ARG002
        self.fail("subgraph_response")

    def fail(self, hook: str) -> None:
        if hook == self.config.name:
            raise RuntimeError("10.0.0.7 said no")


class Tolerated(Failing):
    on_error: ClassVar[Any] = "continue"


@pytest.mark.parametrize("hook", [f"{stage}_{way}" for stage in STAGES for way in ("request", "response")])
async def test_what_a_hook_raises_is_an_internal_error_and_stands_in_the_log(
    graph: Any, hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await graph(lambda: Failing(NamedConfig(hook))).ask("{ greeting }")
    (error,) = answer.errors
    if "subgraph" in hook:
        assert answer.data == {"greeting": None}
        assert error["message"] == "Request to subgraph 'greeter' failed: a plugin failed"
    else:
        assert answer.status == 500
        assert error == {"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.getMessage() == f"The plugin {__name__}.Failing failed at {hook}"
    assert "10.0.0.7" in str(record.exc_info)
    assert b"10.0.0.7" not in answer.body
    assert (await graph(lambda: Tolerated(NamedConfig(hook))).ask("{ greeting }")).data == {
        "greeting": "Hello all"
    }


@pytest.mark.parametrize(
    "hook",
    ["router_request", "execution_request", "subgraph_request", "supergraph_response", "router_response"],
)
async def test_a_hook_that_never_ends_is_ended_with_the_requests_time(graph: Any, hook: str) -> None:
    class Endless(Plugin[NoConfig]):
        def has(self, hook_: str) -> bool:
            return hook_ == hook

        async def wait(self, _stage: Any) -> None:
            await asyncio.Event().wait()

        router_request = execution_request = subgraph_request = supergraph_response = router_response = wait  # type: ignore[assignment]

    graph = graph(lambda: Endless(NoConfig()), config="traffic_shaping: {router: {timeout: 500ms}}")
    async with asyncio.timeout(30):
        answer = await graph.ask("{ greeting }")
    assert answer.errors[0]["extensions"]["code"] == "GATEWAY_TIMEOUT"
    assert answer.status == (200 if "subgraph" in hook else 504)


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
    page = (Path(__file__).parents[3] / "docs/plugins.md").read_text()
    code, section = (page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "yaml"))
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "audit.py").write_text(code)
    (tmp_path / "router.yaml").write_text(section)
    answer = await graph(config=load_config(tmp_path / "router.yaml", {})).ask("{ greeting }")
    assert (answer.status, answer.errors[0]["extensions"]["code"]) == (403, "FORBIDDEN")
    (tmp_path / "router.yaml").write_text(section.replace("[t1, t2]", '[""]'))
    assert (await graph(config=load_config(tmp_path / "router.yaml", {})).ask("{ greeting }")).data
    assert ("shop.audit", logging.WARNING, ": 0 errors") in caplog.record_tuples
