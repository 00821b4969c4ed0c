"""The pipeline with plugins: the same parts, and where in them the hooks of each stage stand."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from msgspec.structs import replace

from gateway.server.access.authorization import mentioned_policies
from gateway.server.asgi import Receive
from gateway.server.config import RouterConfig
from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.executing import Prepared
from gateway.server.http.answer import Answer, refusal
from gateway.server.http.interruption import Interruption
from gateway.server.http.parameters import Parameters
from gateway.server.pipeline import Pipeline
from gateway.server.plugins.answers import EarlyAnswer, graphql_answer, http_answer
from gateway.server.plugins.call import REQUIRED_POLICIES, Call, call_of
from gateway.server.plugins.executing import PluggedExecutor
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.hooks import Hooks
from gateway.server.plugins.plugin import Plugin
from gateway.server.plugins.stages import (
    RouterRequest,
    RouterResponse,
    SupergraphRequest,
)
from gateway.server.surroundings import Surroundings
from gateway.supergraph import Supergraph


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
        """Who calls; where a plugin may still say who it is, anonymous requests are refused after that."""
        if not self._hooks.router_request:
            await super().authenticate(exchange)
        elif self.authenticator is not None:
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
            call, sent = call_of(exchange), exchange.request
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
                raise EarlyAnswer(http_answer(exchange, early), is_final=True)
            call.take(exchange, request)
            body = request.body
        self._authorizer.admit(exchange.caller)
        return body

    async def _responded(self, exchange: Exchange, answer: Answer) -> Answer:
        """The router stage on the way out."""
        if not self._hooks.router_response:
            return answer
        response = RouterResponse(
            **call_of(exchange).shared(exchange),
            headers=Headers((*answer.headers, ("content-type", answer.media_type))),
            status=answer.status,
            body=answer.body,
        )
        await self._hooks.router_response.run(response, self._timeout)
        return replace(http_answer(exchange, response), rest=answer.rest, stream=answer.stream)

    async def _planned(self, exchange: Exchange, text: str, parameters: Parameters) -> Prepared:
        """The supergraph stage on the way in."""
        call = call_of(exchange)
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
                raise EarlyAnswer(graphql_answer(exchange, early), is_final=False)
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
