"""The pipeline with plugins: the same parts, and where in them the hooks of each stage stand."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from common.http import Transport
from gateway.server.access.authorization import mentioned_policies
from gateway.server.asgi import Receive
from gateway.server.config import RouterConfig
from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.executing import Executor, Prepared
from gateway.server.http.answer import Answer, refusal
from gateway.server.http.interruption import Interruption
from gateway.server.http.parameters import Parameters
from gateway.server.pipeline import Pipeline
from gateway.server.plugins.call import REQUIRED_POLICIES, Call
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.hooks import Hooks
from gateway.server.plugins.plugin import Plugin
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    GraphQLResponse,
    RouterRequest,
    RouterResponse,
    SupergraphRequest,
    SupergraphResponse,
)
from gateway.server.plugins.transport import plugged
from gateway.server.subscriptions.resolution import Resolution
from gateway.server.surroundings import Surroundings
from gateway.supergraph import Supergraph


class _Errors(Struct):
    errors: list[dict[str, Any]] = []


class EarlyAnswer(RequestError):  # noqa: N818 - says what happened
    """A plugin has answered in the stages' place; whoever has no use for an answer is refused with its errors."""

    def __init__(self, answer: Answer, *, is_final: bool) -> None:
        super().__init__(answer.status, _errors_of(answer.body))
        self.answer = answer
        self.is_final = is_final


class PluggedPipeline(Pipeline):
    """Each request passes the hooks of `plugins`; they are started before the first and closed by `opened`."""

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig,
        surroundings: Surroundings,
        opened: AsyncExitStack,
        plugins: Sequence[Plugin[Any]],
    ) -> None:
        self._hooks = Hooks(plugins)
        make_executor = partial(PluggedExecutor, self._hooks)
        super().__init__(supergraph, config, surroundings, opened, make_executor=make_executor)
        opened.push_async_callback(self._hooks.close)
        self._is_guarded = bool(supergraph.authorization) and config.authorization.directives.enabled

    async def start(self) -> None:
        await super().start()
        await self._hooks.start()

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        await self._hooks.start()
        exchange.call = Call()
        try:
            answer = await super().answer(exchange, receive)
        except EarlyAnswer as early:
            if early.is_final:
                return early.answer
            answer = early.answer
        except RequestError as error:
            exchange.errors = len(error.errors)
            self._errors.count(error.errors, exchange.operation_name)
            answer = refusal(error, exchange.media_type)
        return await self._responded(exchange, answer)

    async def parameters(self, exchange: Exchange, receive: Receive) -> Parameters:
        await self._hooks.start()
        return await super().parameters(exchange, receive)

    async def operate(self, exchange: Exchange, parameters: Parameters) -> Answer:
        """Without the router stage, which is about requests over HTTP."""
        await self._hooks.start()
        self._authorizer.admit(exchange.caller)
        try:
            return await super().operate(exchange, parameters)
        except EarlyAnswer as early:
            return early.answer

    async def authenticate(self, exchange: Exchange) -> None:
        """Who calls; whether anonymous requests are let in is decided after a plugin may have said who it is."""
        if self.authenticator is not None:
            exchange.caller = await self.authenticator.authenticate(exchange.request)

    async def _read(self, exchange: Exchange, receive: Receive) -> bytes:
        return await self._requested(exchange, await super()._read(exchange, receive))

    async def _answer_upload(
        self, exchange: Exchange, boundary: str, interruption: Interruption, receive: Receive
    ) -> Answer:
        await self._requested(exchange, b"")
        return await super()._answer_upload(exchange, boundary, interruption, receive)

    async def _execute_entry(
        self, exchange: Exchange, prepared: Prepared | RequestError, deadline: float
    ) -> Answer:
        if isinstance(prepared, EarlyAnswer):
            return prepared.answer
        return await super()._execute_entry(exchange, prepared, deadline)

    async def _requested(self, exchange: Exchange, body: bytes) -> bytes:
        """The router stage on the way in; gives the body."""
        if self._hooks.router_request:
            call, sent = _call(exchange), exchange.request
            request = RouterRequest(
                **call.shared(exchange),
                headers=Headers.from_bytes(sent.raw_headers),
                method=sent.method,
                path=sent.path,
                query_string=sent.query_string.decode("latin-1"),
                body=body,
                scope=sent.scope,
            )
            early = await self._hooks.router_request.run(request)
            if early is not None:
                raise EarlyAnswer(_answer(exchange, early), is_final=True)
            call.take(exchange, request)
            body = request.body
        self._authorizer.admit(exchange.caller)
        return body

    async def _responded(self, exchange: Exchange, answer: Answer) -> Answer:
        """The router stage on the way out."""
        if not self._hooks.router_response:
            return answer
        response = RouterResponse(
            **_call(exchange).shared(exchange),
            headers=Headers((*answer.headers, ("content-type", answer.media_type))),
            status=answer.status,
            body=answer.body,
        )
        await self._hooks.router_response.run(response, self._timeout)
        return replace(_answer(exchange, response), rest=answer.rest, stream=answer.stream)

    async def _planned(self, exchange: Exchange, text: str, parameters: Parameters) -> Prepared:
        """The supergraph stage on the way in."""
        call = _call(exchange)
        if self._hooks.supergraph_request:
            await self._ask_for_policies(call, text, parameters.operation_name)
            request = SupergraphRequest(
                **call.shared(exchange),
                headers=Headers.from_bytes(exchange.request.raw_headers),
                query=text,
                operation_name=parameters.operation_name,
                variables=parameters.variables or {},
                extensions=parameters.extensions or {},
                method=exchange.request.method,
            )
            early = await self._hooks.supergraph_request.run(request)
            if early is not None:
                raise EarlyAnswer(_graphql_answer(exchange, early), is_final=False)
            call.take(exchange, request)
            text, variables = request.query, request.variables
            parameters = replace(parameters, variables=variables, extensions=request.extensions)
        exchange.call = replace(call, query=text)
        return await super()._planned(exchange, text, parameters)

    async def _ask_for_policies(self, call: Call, text: str, operation_name: str | None) -> None:
        """Whoever sets one of them to true grants it."""
        if self._is_guarded:
            policies = mentioned_policies(await self.operations.guards(text, operation_name))
            if policies:
                call.context[REQUIRED_POLICIES] = dict.fromkeys(sorted(policies))


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
            answer = _graphql_answer(exchange, early)
        else:
            through = plugged(transports or self.transports, self._hooks, exchange, _call(exchange))
            answer = await super().execute(
                exchange, prepared, deadline, is_alone=is_alone, transports=through
            )
            answer = await self._responded(exchange, answer, deadline, ExecutionResponse)
        return await self._responded(exchange, answer, deadline, SupergraphResponse)

    def resolve(
        self, exchange: Exchange, prepared: Prepared, transports: Mapping[str, Transport] | None = None
    ) -> Resolution:
        through = plugged(transports or self.transports, self._hooks, exchange, _call(exchange))
        return super().resolve(exchange, prepared, through)

    async def _requested(
        self, exchange: Exchange, prepared: Prepared, deadline: float
    ) -> tuple[ExecutionResponse | None, Prepared]:
        call, operation = _call(exchange), prepared.operation
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
        self,
        exchange: Exchange,
        answer: Answer,
        deadline: float,
        stage: type[ExecutionResponse] | type[SupergraphResponse],
    ) -> Answer:
        """A stage on the way out. An answer in parts has none: its parts are not whole responses."""
        hook = (
            self._hooks.execution_response if stage is ExecutionResponse else self._hooks.supergraph_response
        )
        if (
            not hook
            or answer.rest is not None
            or answer.stream is not None
            or answer.media_type != exchange.media_type
        ):
            return answer
        response = msgspec.convert(msgspec.json.decode(answer.body), stage)
        response = replace(
            response,
            **_call(exchange).shared(exchange),
            headers=Headers(answer.headers),
            status=answer.status,
        )
        await hook.run(response, _until(deadline))  # type: ignore[arg-type]  # the hook is the stage's
        return _graphql_answer(exchange, response)


def _until(deadline: float) -> float:
    return deadline - asyncio.get_running_loop().time()


def _call(exchange: Exchange) -> Call:
    """What the stages of the exchange share; a subscription that another generation began has had none of it yet."""
    if exchange.call is None:
        exchange.call = Call()
    return exchange.call


def _errors_of(body: bytes) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(body, type=_Errors).errors
    except msgspec.DecodeError:
        return []


def _answer(exchange: Exchange, response: RouterResponse) -> Answer:
    media_type = response.headers.get("content-type", exchange.media_type)
    pairs = tuple(
        pair for pair in response.headers.pairs() if pair[0] not in ("content-type", "content-length")
    )
    return Answer(response.status, media_type, response.body, pairs)


def _graphql_answer(exchange: Exchange, response: GraphQLResponse) -> Answer:
    exchange.errors = len(response.errors)
    return Answer(response.status, exchange.media_type, response.encode(), response.headers.pairs())
