"""Plugins that fail or never end."""

import asyncio
import logging
from typing import Any, ClassVar

import pytest

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
from tests.integration.server.plugins.recorder import STAGES, NamedConfig


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
