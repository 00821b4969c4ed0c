"""A plugin that notes the stages that it meets, and what the tests of plugins share."""

from typing import Any

from msgspec import Struct

from gateway.server.plugins import (
    ExecutionRequest,
    ExecutionResponse,
    Plugin,
    RouterRequest,
    RouterResponse,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)

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
