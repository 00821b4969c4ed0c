"""What plugins see and change at each stage, in which order, and what they answer themselves."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.app import create_router_app
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
from gateway.testing import FakeSubgraph
from tests.integration.server.issuer import ISSUER, Issuer
from tests.integration.server.plugins.recorder import QUERY, STAGES, NamedConfig, Recorder


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
