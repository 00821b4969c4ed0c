"""A coprocessor by Apollo's protocol, version 1: a real HTTP server that is told each stage and has a say in it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.server.config import ConfigError, parse_config
from gateway.server.health import Health
from gateway.server.plugins import NoConfig, Plugin, RouterRequest
from gateway.server.serving import serve_router
from gateway.testing import FakeSubgraph, Harness, MakeHarness

Message = dict[str, Any]
SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy", "@requiresScopes"])
type Query {
  greeting(to: String): String
  secret: String @policy(policies: [["staff"], ["owner"]])
  scoped: String @requiresScopes(scopes: [["read"]])
}
"""
QUERY = "query Greet($to: String) { greeting(to: $to) }"
ALL = """
  router:
    request: {headers: true, body: true, context: all, sdl: true, path: true, method: true}
    response: {headers: true, body: true, context: all, sdl: true, status_code: true}
  supergraph:
    request: {headers: true, body: true, context: all, sdl: true, method: true}
    response: {headers: true, body: true, context: all, sdl: true, status_code: true}
  execution:
    request: {headers: true, body: true, context: all, sdl: true, method: true, query_plan: true}
    response: {headers: true, body: true, context: all, sdl: true, status_code: true}
  subgraph:
    all:
      request: {headers: true, body: true, context: all, uri: true, method: true, service_name: true, subgraph_request_id: true}
      response: {headers: true, body: true, context: all, service_name: true, status_code: true, subgraph_request_id: true}
"""


class Coprocessor:
    """Keeps what it was told and answers what `answers` has for a stage, by default the same again."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.answers: dict[str, Callable[[Message], Any]] = {}
        self.status = 200
        self.url = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        assert (scope["method"], dict(scope["headers"])[b"content-type"]) == ("POST", b"application/json")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        told = msgspec.json.decode(body)
        self.told.append(told)
        answer = self.answers.get(told["stage"], lambda same: same)(told)
        if asyncio.iscoroutine(answer):
            answer = await answer
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    def at(self, stage: str) -> Message:
        (found,) = [each for each in self.told if each["stage"] == stage]
        return found


@pytest.fixture
async def coprocessor(serve: Any) -> AsyncIterator[Coprocessor]:
    app = Coprocessor()
    async with serve(app) as url:
        app.url = url
        yield app


@pytest.fixture
def greeter() -> FakeSubgraph:
    return FakeSubgraph(
        SDL,
        {"Query.greeting": lambda to="all": f"Hello {to}", "Query.secret": "gold", "Query.scoped": "silver"},
    )


@pytest.fixture
def graph(router: MakeHarness, greeter: FakeSubgraph, coprocessor: Coprocessor) -> Callable[..., Harness]:
    def make(stages: str, *plugins: Any, url: str | None = None, timeout: str = "5s") -> Harness:
        config = f"include_subgraph_errors: {{all: true}}\ncoprocessor:\n  url: {url or coprocessor.url}\n  timeout: {timeout}\n{stages}"
        return router({"greeter": greeter}, config=config, plugins=plugins)

    return make


async def test_each_stage_is_told_as_apollos_protocol_says(graph: Any, coprocessor: Coprocessor) -> None:
    harness = graph(ALL)
    answer = await harness.ask(QUERY, {"to": "you"}, headers={"x-tenant": "t1"})
    assert answer.data == {"greeting": "Hello you"}
    inwards = ["RouterRequest", "SupergraphRequest", "ExecutionRequest", "SubgraphRequest"]
    outwards = ["SubgraphResponse", "ExecutionResponse", "SupergraphResponse", "RouterResponse"]
    assert [told["stage"] for told in coprocessor.told] == inwards + outwards
    assert {(told["version"], told["control"]) for told in coprocessor.told} == {(1, "continue")}
    assert len({told["id"] for told in coprocessor.told}) == 1

    told = coprocessor.at("RouterRequest")
    assert told["headers"]["x-tenant"] == ["t1"]
    assert msgspec.json.decode(told["body"])["query"] == QUERY
    assert (told["path"], told["method"]) == ("/graphql", "POST")
    assert told["sdl"] == harness.supergraph_sdl
    assert told["context"] == {"entries": {}}

    told = coprocessor.at("SupergraphRequest")
    assert told["body"] == {"query": QUERY, "operationName": None, "variables": {"to": "you"}}

    told = coprocessor.at("ExecutionRequest")
    assert told["body"] == {"query": QUERY, "operationName": "Greet", "variables": {"to": "you"}}
    assert told["queryPlan"]["root"]["kind"] == "Fetch"
    assert told["queryPlan"]["formatted_query_plan"].startswith("QueryPlan {")

    told = coprocessor.at("SubgraphRequest")
    assert told["body"]["variables"] == {"to": "you"}
    assert (told["uri"], told["method"], told["serviceName"]) == ("app://greeter/graphql", "POST", "greeter")

    told = coprocessor.at("SubgraphResponse")
    assert (told["statusCode"], told["serviceName"]) == (200, "greeter")
    assert told["subgraphRequestId"] == coprocessor.at("SubgraphRequest")["subgraphRequestId"]
    assert told["body"] == {"data": {"greeting": "Hello you"}}
    assert told["headers"]["content-type"] == ["application/json"]

    for stage in ("ExecutionResponse", "SupergraphResponse"):
        assert coprocessor.at(stage)["body"] == {"data": {"greeting": "Hello you"}}
        assert coprocessor.at(stage)["statusCode"] == 200
    told = coprocessor.at("RouterResponse")
    assert told["body"] == '{"data":{"greeting":"Hello you"}}'
    assert (told["statusCode"], told["headers"]["content-type"]) == (200, ["application/json"])


async def test_nothing_is_told_that_is_not_asked_for(graph: Any, coprocessor: Coprocessor) -> None:
    coprocessor.answers["RouterRequest"] = lambda _: {"control": "continue"}
    assert (await graph("  router: {request: {headers: false}}").ask("{ greeting }")).data
    (told,) = coprocessor.told
    assert told == {"version": 1, "stage": "RouterRequest", "control": "continue", "id": told["id"]}


async def test_bodies_headers_and_context_are_taken_at_each_stage(
    graph: Any, coprocessor: Coprocessor, greeter: FakeSubgraph
) -> None:
    def replacing(old: str, new: str) -> Callable[[Message], Message]:
        def answer(told: Message) -> Message:
            changed = msgspec.json.decode(
                msgspec.json.encode(told["body"]).replace(old.encode(), new.encode())
            )
            entries = {**told["context"]["entries"], told["stage"]: len(told["context"]["entries"])}
            headers = {**told["headers"], "X-Last": [told["stage"]], "content-length": ["7"]}
            return {
                "control": "continue",
                "body": changed,
                "context": {"entries": entries},
                "headers": headers,
            }

        return answer

    for stage, old, new in (
        ("RouterRequest", "one", "two"),
        ("SupergraphRequest", "two", "three"),
        ("ExecutionRequest", "three", "four"),
        ("SubgraphRequest", "four", "five"),
        ("SubgraphResponse", "five", "six"),
        ("ExecutionResponse", "six", "seven"),
        ("SupergraphResponse", "seven", "eight"),
        ("RouterResponse", "eight", "nine"),
    ):
        coprocessor.answers[stage] = replacing(old, new)
    answer = await graph(ALL).ask(QUERY, {"to": "one"})
    assert answer.data == {"greeting": "Hello nine"}
    assert answer.headers["x-last"] == "RouterResponse"
    assert greeter.requests[0].headers["x-last"] == "SubgraphRequest"
    assert len(coprocessor.at("RouterResponse")["context"]["entries"]) == 7


BROKEN = {"errors": [{"message": "Not authenticated.", "extensions": {"code": "ERR_UNAUTHENTICATED"}}]}


@pytest.mark.parametrize("stage", ["Router", "Supergraph", "Execution"])
async def test_a_break_ends_the_request_with_its_status_and_body(
    graph: Any, coprocessor: Coprocessor, greeter: FakeSubgraph, stage: str
) -> None:
    body = msgspec.json.encode(BROKEN).decode() if stage == "Router" else BROKEN
    coprocessor.answers[f"{stage}Request"] = lambda told: {
        **told,
        "control": {"break": 401},
        "body": body,
        "headers": {"x-why": ["token"]},
    }
    answer = await graph(f"  {stage.lower()}: {{request: {{body: true}}}}").ask("{ greeting }")
    assert (answer.status, msgspec.json.decode(answer.body)) == (401, BROKEN)
    assert answer.headers["x-why"] == "token"
    assert greeter.requests == []


@pytest.mark.parametrize("stage", ["Router", "Supergraph"])
async def test_a_break_with_a_text_is_an_error_with_that_message(
    graph: Any, coprocessor: Coprocessor, stage: str
) -> None:
    coprocessor.answers[f"{stage}Request"] = lambda _: {"control": {"break": 400}, "body": "no {"}
    answer = await graph(f"  {stage.lower()}: {{request: {{}}}}").ask("{ greeting }")
    assert (answer.status, answer.errors) == (400, [{"message": "no {", "extensions": {"code": "ERROR"}}])


async def test_a_break_at_a_subgraph_answers_in_its_place(
    graph: Any, coprocessor: Coprocessor, greeter: FakeSubgraph
) -> None:
    coprocessor.answers["SubgraphRequest"] = lambda _: {
        "control": {"break": 200},
        "body": {"data": {"greeting": "Hi"}},
    }
    assert (await graph("  subgraph: {all: {request: {}}}").ask("{ greeting }")).data == {"greeting": "Hi"}
    assert greeter.requests == []


async def test_a_break_on_the_way_out_sets_the_status(graph: Any, coprocessor: Coprocessor) -> None:
    coprocessor.answers["RouterResponse"] = lambda told: {**told, "control": {"break": 418}}
    answer = await graph("  router: {response: {}}").ask("{ greeting }")
    assert (answer.status, answer.data) == (418, {"greeting": "Hello all"})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda told: {**told, "version": 2}, "its answer has another `version`: 2"),
        (lambda told: {**told, "stage": "RouterResponse"}, "its answer has another `stage`"),
        (lambda told: {**told, "id": "x"}, "its answer has another `id`"),
        (lambda _: {}, "its answer lacks `control`"),
        (lambda _: {"control": "break"}, "its answer has the control 'break'"),
        (lambda _: [], "its answer is not of the protocol"),
        (lambda _: {"control": "continue", "body": 7}, "its body does not fit SupergraphRequest"),
    ],
)
async def test_an_answer_that_is_not_of_the_protocol_is_an_internal_error_and_told_in_the_log(
    graph: Any, coprocessor: Coprocessor, answer: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    coprocessor.answers["SupergraphRequest"] = answer
    refused = await graph("  supergraph: {request: {body: true}}").ask("{ greeting }")
    assert (refused.status, refused.errors[0]["message"]) == (500, "Internal error")
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info
    assert str(record.exc_info[1]).startswith(why)


async def test_one_that_is_slow_fails_or_is_down_is_an_internal_error(
    graph: Any, coprocessor: Coprocessor, greeter: FakeSubgraph
) -> None:
    stages = "  router: {request: {}}"
    coprocessor.status = 404
    assert (await graph(stages).ask("{ greeting }")).status == 500
    coprocessor.status = 200
    coprocessor.answers["RouterRequest"] = lambda _: asyncio.sleep(2)
    async with asyncio.timeout(1.5):
        assert (await graph(stages, timeout="50ms").ask("{ greeting }")).status == 500
    assert (await graph(stages, url="http://127.0.0.1:1").ask("{ greeting }")).status == 500
    assert greeter.requests == []


async def test_a_detached_stage_is_told_and_not_waited_for(graph: Any, coprocessor: Coprocessor) -> None:
    told_of, answered = asyncio.Event(), asyncio.Event()

    async def late(told: Message) -> Message:
        told_of.set()
        await answered.wait()
        return {**told, "control": {"break": 400}}

    coprocessor.answers["RouterRequest"] = late
    async with asyncio.timeout(5):
        answer = await graph("  router: {request: {detached: true}}").ask("{ greeting }")
        assert answer.data == {"greeting": "Hello all"}
        await told_of.wait()
        answered.set()


async def test_policies_are_decided_in_the_context(graph: Any, coprocessor: Coprocessor) -> None:
    key = "apollo::authorization::required_policies"

    def grant(told: Message) -> Message:
        assert told["context"]["entries"] == {key: {"owner": None, "staff": None}}
        return {**told, "context": {"entries": {key: {"owner": True, "staff": False}}}}

    harness = graph("  supergraph: {request: {context: all}}")
    assert (await harness.ask("{ secret }")).data == {"secret": None}
    coprocessor.answers["SupergraphRequest"] = grant
    assert (await harness.ask("{ secret }")).data == {"secret": "gold"}
    coprocessor.answers.clear()
    assert (await harness.ask("{ greeting }")).data
    assert coprocessor.told[-1]["context"] == {"entries": {}}


@pytest.mark.parametrize(
    ("context", "key"),
    [("all", "apollo::authentication::jwt_claims"), ("true", "apollo_authentication::JWT::claims")],
)
async def test_claims_that_it_gives_count(
    graph: Any, coprocessor: Coprocessor, context: str, key: str
) -> None:
    coprocessor.answers["RouterRequest"] = lambda told: {
        **told,
        "context": {"entries": {key: {"scope": "read write"}}},
    }
    harness = graph(f"  router: {{request: {{context: {context}}}, response: {{context: {context}}}}}")
    assert (await harness.ask("{ scoped }")).data == {"scoped": "silver"}
    assert coprocessor.at("RouterResponse")["context"]["entries"][key] == {"scope": "read write"}


async def test_a_selective_context_has_no_more_and_takes_nothing_else_away(
    graph: Any, coprocessor: Coprocessor
) -> None:
    kept: list[Message] = []

    class Leaving(Plugin[NoConfig]):
        async def router_request(self, request: RouterRequest) -> None:
            request.context.update({"a": 1, "b": 2, "private": object()})
            kept.append(request.context)

    coprocessor.answers["RouterRequest"] = lambda told: {**told, "context": {"entries": {}}}
    stages = "  router: {request: {context: {selective: [a, private]}}}"
    await graph(stages, lambda: Leaving(NoConfig())).ask("{ greeting }")
    assert coprocessor.told[0]["context"] == {"entries": {"a": 1}}
    assert kept[0].keys() == {"b", "private"}


async def test_a_stage_may_have_a_url_of_its_own_and_a_unix_socket_will_do(
    graph: Any, coprocessor: Coprocessor, tmp_path: Path
) -> None:
    other = Coprocessor()
    async with _on_socket(other, tmp_path / "co.sock"):
        stages = f"  router: {{request: {{url: 'unix://{tmp_path}/co.sock'}}, response: {{}}}}"
        assert (await graph(stages).ask("{ greeting }")).data
    assert [told["stage"] for told in other.told] == ["RouterRequest"]
    assert [told["stage"] for told in coprocessor.told] == ["RouterResponse"]


@asynccontextmanager
async def _on_socket(app: Coprocessor, path: Path) -> AsyncIterator[None]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    stop, started = asyncio.Event(), asyncio.Event()
    serving = serve_router(app, listener, health=Health(), stop=stop, started=started.set)
    task = asyncio.create_task(serving)
    await started.wait()
    yield
    stop.set()
    await task


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("url: http://a\n  router: {request: {uri: true}}", "Unknown key `uri`"),
        ("router: {}", "missing required field `url`"),
        ("url: http://a\n  supergraph: {request: {condition: {}}}", "Unknown key `condition`"),
    ],
)
def test_what_no_stage_tells_is_refused(section: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(f"coprocessor:\n  {section}\n", {})
