"""The executor with plugins: the execution and subgraph stages, and the supergraph stage on the way out."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from common.http import Transport
from gateway.server.exchange import Exchange
from gateway.server.executing import Executor, Prepared
from gateway.server.http.answer import Answer
from gateway.server.plugins.answers import graphql_answer
from gateway.server.plugins.call import call_of
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.hooks import Hook, Hooks
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    GraphQLResponse,
    SupergraphResponse,
)
from gateway.server.plugins.transport import plugged
from gateway.server.subscriptions.resolution import Resolution

T = TypeVar("T", bound=GraphQLResponse)


class PluggedExecutor(Executor):
    """Runs operations through the execution and subgraph stages, and out through the supergraph stage."""

    def __init__(self, hooks: Hooks, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._hooks = hooks

    async def execute(
        self,
        exchange: Exchange,
        prepared: Prepared,
        deadline: float,
        *,
        is_alone: bool = True,
        transports: Mapping[str, Transport] | None = None,
    ) -> Answer:
        early = None
        if self._hooks.execution_request:
            early, prepared = await self._requested(exchange, prepared, deadline)
        if early is not None:
            answer = graphql_answer(exchange, early)
        else:
            through = plugged(transports or self.transports, self._hooks, exchange, call_of(exchange))
            answer = await super().execute(
                exchange, prepared, deadline, is_alone=is_alone, transports=through
            )
            hook = self._hooks.execution_response
            answer = await self._responded(exchange, answer, deadline, hook, ExecutionResponse)
        outermost = self._hooks.supergraph_response
        return await self._responded(exchange, answer, deadline, outermost, SupergraphResponse)

    def resolve(
        self, exchange: Exchange, prepared: Prepared, transports: Mapping[str, Transport] | None = None
    ) -> Resolution:
        through = plugged(transports or self.transports, self._hooks, exchange, call_of(exchange))
        return super().resolve(exchange, prepared, through)

    async def _requested(
        self, exchange: Exchange, prepared: Prepared, deadline: float
    ) -> tuple[ExecutionResponse | None, Prepared]:
        call, operation = call_of(exchange), prepared.operation
        request = ExecutionRequest(
            **call.shared(exchange),
            headers=Headers.from_bytes(exchange.request.raw_headers),
            query=call.query,
            operation_name=operation.name,
            operation_kind=operation.kind,
            variables=prepared.variables,
            plan=operation.plan,
            method=exchange.request.method,
        )
        early = await self._hooks.execution_request.run(request, _until(deadline))
        call.take(exchange, request)
        return early, prepared._replace(variables=request.variables)

    async def _responded(
        self, exchange: Exchange, answer: Answer, deadline: float, hook: Hook[T, None], stage: type[T]
    ) -> Answer:
        """A stage on the way out. An answer in parts has none: its parts are not whole responses."""
        is_whole = answer.rest is None and answer.stream is None and answer.media_type == exchange.media_type
        if not hook or not is_whole:
            return answer
        response = replace(
            msgspec.convert(msgspec.json.decode(answer.body), stage),
            **call_of(exchange).shared(exchange),
            headers=Headers(answer.headers),
            status=answer.status,
        )
        await hook.run(response, _until(deadline))
        return graphql_answer(exchange, response)


def _until(deadline: float) -> float:
    return deadline - asyncio.get_running_loop().time()
