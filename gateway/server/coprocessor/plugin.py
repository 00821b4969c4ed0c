"""The coprocessor as a plugin: at each configured stage it is told, and what it answers is taken."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from common.http import Request, Transport, TransportError
from gateway.server.config.coprocessor import Coprocessor as CoprocessorConfig
from gateway.server.config.coprocessor import (
    ExecutionStage,
    RouterStage,
    Sent,
    SubgraphStage,
    SupergraphStage,
)
from gateway.server.coprocessor.bodies import early, take_body, told_body
from gateway.server.coprocessor.context import entries_of, take_entries
from gateway.server.coprocessor.messages import VERSION, CoprocessorError, Message, read_answer
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.plugin import Plugin
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    RouterRequest,
    RouterResponse,
    Stage,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)

_log = logging.getLogger("hansa.router")
_HEADERS = (("content-type", "application/json"), ("accept", "application/json"))


class Coprocessor(Plugin[CoprocessorConfig]):
    """`open_` opens the transport of a URL. Raises ValueError for a URL that cannot be used."""

    def __init__(self, config: CoprocessorConfig, sdl: str, open_: Callable[[str], Transport]) -> None:
        super().__init__(config)
        self._sdl = sdl
        self._stages: dict[str, Sent] = {
            f"{stage}_{way}": sent
            for stage, ways in _stages(config).items()
            for way, sent in ways.items()
            if sent is not None
        }
        urls = {config.url, *(sent.url for sent in self._stages.values() if sent.url)}
        self._transports = {url: open_(url) for url in urls}
        self._detached: set[asyncio.Task[None]] = set()

    def has(self, hook: str) -> bool:
        return hook in self._stages

    async def close(self) -> None:
        await asyncio.gather(*self._detached)
        for transport in self._transports.values():
            await transport.close()

    async def router_request(self, request: RouterRequest) -> RouterResponse | None:
        path = request.path + (f"?{request.query_string}" if request.query_string else "")
        facts = {"path": path, "method": request.method, "sdl": self._sdl}
        response: RouterResponse | None = await self._consult("router_request", request, facts)
        return response

    async def router_response(self, response: RouterResponse) -> None:
        await self._consult("router_response", response, self._told(response.status))

    async def supergraph_request(self, request: SupergraphRequest) -> SupergraphResponse | None:
        facts = {"method": request.method, "sdl": self._sdl}
        response: SupergraphResponse | None = await self._consult("supergraph_request", request, facts)
        return response

    async def supergraph_response(self, response: SupergraphResponse) -> None:
        await self._consult("supergraph_response", response, self._told(response.status))

    async def execution_request(self, request: ExecutionRequest) -> ExecutionResponse | None:
        plan = {"root": request.plan.to_json().get("node"), "formatted_query_plan": str(request.plan)}
        facts = {"method": request.method, "sdl": self._sdl, "query_plan": plan}
        response: ExecutionResponse | None = await self._consult("execution_request", request, facts)
        return response

    async def execution_response(self, response: ExecutionResponse) -> None:
        await self._consult("execution_response", response, self._told(response.status))

    async def subgraph_request(self, request: SubgraphRequest) -> SubgraphResponse | None:
        facts = {
            "uri": request.uri,
            "method": request.method,
            "service_name": request.subgraph,
            "subgraph_request_id": request.subgraph_request_id,
        }
        response: SubgraphResponse | None = await self._consult("subgraph_request", request, facts)
        return response

    async def subgraph_response(self, response: SubgraphResponse) -> None:
        facts = {
            "status_code": response.status,
            "service_name": response.subgraph,
            "subgraph_request_id": response.subgraph_request_id,
        }
        await self._consult("subgraph_response", response, facts)

    def _told(self, status: int) -> dict[str, Any]:
        return {"status_code": status, "sdl": self._sdl}

    async def _consult(self, hook: str, stage: Stage, facts: Mapping[str, Any]) -> Any:
        """Tells the stage and takes the answer; gives the response that ends the request. Raises CoprocessorError."""
        sent = self._stages[hook]
        entries = entries_of(stage, sent)
        message = Message(
            version=VERSION,
            stage=type(stage).__name__,
            control="continue",
            id=stage.id,
            headers=_grouped(stage.headers) if sent.headers else UNSET,
            body=told_body(stage) if sent.body else UNSET,
            context=UNSET if entries is None else {"entries": entries},
            **{name: fact for name, fact in facts.items() if getattr(sent, name)},
        )
        if sent.detached:
            self._tell(message, sent)
            return None
        answer = await self._ask(message, sent)
        if answer.entries is not None and entries is not None:
            take_entries(stage, entries, answer.entries)
        try:
            return _take(stage, answer)
        except msgspec.ValidationError as error:
            raise CoprocessorError(f"its body does not fit {message.stage}: {error}") from None

    async def _ask(self, message: Message, sent: Sent) -> Message:
        request = Request(body=msgspec.json.encode(message), headers=_HEADERS)
        try:
            response = await self._transports[sent.url or self.config.url].send(
                request, timeout=self.config.timeout
            )
        except TransportError as error:
            raise CoprocessorError(f"it did not answer: {error.reason}") from error
        if not 200 <= response.status < 300:
            raise CoprocessorError(f"it answered with status {response.status}")
        return read_answer(response.body, message)

    def _tell(self, message: Message, sent: Sent) -> None:
        task = asyncio.create_task(self._ask_in_vain(message, sent))
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)

    async def _ask_in_vain(self, message: Message, sent: Sent) -> None:
        try:
            await self._ask(message, sent)
        except CoprocessorError as error:
            _log.warning("The coprocessor was not told of %s: %s", message.stage, error)


def _take(stage: Stage, answer: Message) -> Any:
    status = answer.status
    headers = None if answer.headers is UNSET else _ungrouped(answer.headers)
    if status is not None and type(stage).__name__.endswith("Request"):
        return early(stage, status, answer.body, headers or Headers())
    if headers is not None:
        stage.headers = headers
    if answer.body is not UNSET:
        take_body(stage, answer.body)
    if status is not None:
        stage.status = status  # type: ignore[attr-defined]  # every response has one
    return None


def _stages(config: CoprocessorConfig) -> dict[str, dict[str, Sent | None]]:
    groups: dict[str, RouterStage | SupergraphStage | ExecutionStage | SubgraphStage] = {
        "router": config.router,
        "supergraph": config.supergraph,
        "execution": config.execution,
        "subgraph": config.subgraph.all,
    }
    return {name: {"request": group.request, "response": group.response} for name, group in groups.items()}


def _grouped(headers: Headers) -> dict[str, list[str]]:
    return {name: headers.all(name) for name in headers}


def _ungrouped(headers: Mapping[str, list[str]]) -> Headers:
    """What a wrong `content-length` would break is left to whoever sends the body."""
    return Headers(
        (name, value)
        for name, values in headers.items()
        if name.lower() != "content-length"
        for value in values
    )
