"""A prepared operation through the router: coerce its variables, run its plan, answer."""

import dataclasses
import math
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from common.http import Response, Transport
from gateway.execution import ExecutionResult, Payload, RequestContext, VariableError, coerce_variables
from gateway.planning.plan import Fetch
from gateway.server.access.reporting import Reporting
from gateway.server.config import RouterConfig
from gateway.server.demand.control import NOT_CONTROLLED, DemandController, unmasked, with_refused
from gateway.server.demand.spending import Spending
from gateway.server.errors import bad_request, refused, refused_for
from gateway.server.exchange import Exchange
from gateway.server.headers import ClientHeaders, propagations
from gateway.server.http.answer import Answer
from gateway.server.http.incremental import later_parts, require_parts
from gateway.server.http.multipart import MEDIA_TYPE, first_part
from gateway.server.masking import ErrorMask
from gateway.server.operation import Operation
from gateway.server.query_plan import PlanExposure, plan_extensions
from gateway.server.spans import span
from gateway.server.subgraphs import open_subgraphs
from gateway.server.subscriptions.resolution import Resolution, Resolutions
from gateway.server.surroundings import Surroundings
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # it loads redis where it is configured only
    from gateway.server.response_cache.cache import ResponseCache
    from gateway.server.response_cache.exchange import ExchangeCache


class Prepared(NamedTuple):
    """What is to run, and the variables as they were sent."""

    operation: Operation
    variables: dict[str, Any]


class _Admitted(NamedTuple):
    """What an operation is run with, and the errors of what the caller may not see of it."""

    variables: Mapping[str, Any]
    context: RequestContext
    unauthorized: Sequence[dict[str, Any]]
    cache: "ExchangeCache | None"
    spending: Spending | None


class Executor:
    """Runs the operations of one supergraph under one configuration, over `transports` by subgraph."""

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig,
        surroundings: Surroundings,
        opened: AsyncExitStack,
        *,
        demand: DemandController | None,
    ) -> None:
        self.transports = open_subgraphs(
            supergraph, config, apps=surroundings.apps, metrics=surroundings.metrics
        )
        for transport in self.transports.values():
            opened.push_async_callback(transport.close)
        self.response_cache = _response_cache(supergraph, config, surroundings, opened)
        self._schema = supergraph.api_schema
        self._exposes_plans = config.plugins.expose_query_plan
        self._tracer = surroundings.tracer
        self._errors = surroundings.metrics.errors
        self._mask = ErrorMask(config)
        self._propagations = propagations(config.headers, supergraph.subgraphs)
        self._demand = demand
        self._reporting = Reporting(config.authorization.directives)
        self._resolutions = (
            Resolutions(supergraph, config, surroundings.apps, surroundings.subscriptions.callbacks)
            if config.subscription.enabled
            else None
        )
        if self._resolutions is not None:
            opened.push_async_callback(self._resolutions.close)

    async def execute(
        self,
        exchange: Exchange,
        prepared: Prepared,
        deadline: float,
        *,
        is_alone: bool = True,
        transports: Mapping[str, Transport] | None = None,
    ) -> Answer:
        """The answer, of which the later parts of one with `@defer` are still to come.

        `deadline` is in the loop's time, `transports` stand for its own, `is_alone` where the answer may have parts.
        Raises RequestError.
        """
        operation = prepared.operation
        exposure = PlanExposure.of(exchange.request) if self._exposes_plans else PlanExposure.NONE
        extensions = None if exposure is PlanExposure.NONE else plan_extensions(operation.plan)
        if exposure is PlanExposure.DRY_RUN:
            return Answer(
                200, exchange.media_type, msgspec.json.encode({"data": None, "extensions": extensions})
            )
        if operation.compiled.events is not None:
            message = "An operation of a batch or with files cannot be a subscription: send it by itself"
            raise bad_request(message, "SUBSCRIPTION_NOT_ALONE")
        variables, context, unauthorized, cache, spending = self._admit(
            exchange, prepared, deadline, transports or self.transports
        )
        if operation.compiled.defers(variables):
            require_parts(exchange.request.header(b"accept"), is_alone=is_alone)
            payloads = operation.compiled.execute_in_parts(variables, context)
            if spending is not None:
                payloads = spending.settled(payloads)
            return await self._first_part(exchange, payloads, unauthorized, extensions)
        with span(self._tracer, "execution"):
            result = await operation.compiled.execute(variables, context)
        if cache is not None and cache.debugging is not None:
            extensions = (extensions or {}) | cache.debugging.extensions
        if unauthorized:
            result, extensions = self._reporting.report(unauthorized, result, extensions)
        self._tell(exchange, result.errors)
        body = result.encode(extensions)
        if spending is not None:
            spending.settle(body)
        return Answer(200, exchange.media_type, body)

    def resolve(
        self, exchange: Exchange, prepared: Prepared, transports: Mapping[str, Transport] | None = None
    ) -> Resolution:
        """How the events of a subscription become responses. Raises RequestError."""
        events = prepared.operation.compiled.events
        if self._resolutions is None or events is None:
            raise refused("This is no subscription", "UNSUPPORTED_OPERATION")
        variables, context, unauthorized, _, _ = self._admit(
            exchange, prepared, math.inf, transports or self.transports
        )
        context = dataclasses.replace(context, on_response=None)  # the answer's head goes before any event

        def encode(result: ExecutionResult) -> bytes:
            self._tell(exchange, result.errors)
            if not unauthorized:
                return result.encode()
            told, extensions = self._reporting.report(unauthorized, result, None)
            return told.encode(extensions)

        return self._resolutions.make(events, variables, context, encode)

    def _admit(
        self,
        exchange: Exchange,
        prepared: Prepared,
        deadline: float,
        transports: Mapping[str, Transport],
    ) -> "_Admitted":
        """What an operation is run with. Raises RequestError where it is not to run."""
        operation, raw = prepared
        variables = self._coerce(operation, raw)
        too_dear, spending = NOT_CONTROLLED
        if self._demand is not None and operation.cost is not None:
            too_dear, spending = self._demand.admit(operation.cost, variables)
        unauthorized = self._reporting.errors(operation.plan, variables) if operation.plan.refused else ()
        cache = None
        if self.response_cache is not None and operation.kind == "query":
            is_plain = transports is self.transports and not too_dear
            cache = self.response_cache.of(exchange.caller) if is_plain else None
        context = RequestContext(
            transports=with_refused(transports, too_dear),
            headers=ClientHeaders(self._propagations, exchange.request, exchange.caller),
            deadline=deadline,
            mask_error=unmasked(self._mask, too_dear),
            tracer=self._tracer,
            on_response=_observer(exchange, operation.kind, spending),
            cache=cache,
        )
        return _Admitted(variables, context, unauthorized, cache, spending)

    async def _first_part(
        self,
        exchange: Exchange,
        payloads: AsyncGenerator[Payload, None],
        unauthorized: Sequence[dict[str, Any]],
        extensions: dict[str, Any] | None,
    ) -> Answer:
        with span(self._tracer, "execution"):
            first = await anext(payloads)
        if unauthorized:
            told = ExecutionResult(first.data, first.errors)
            result, extensions = self._reporting.report(unauthorized, told, extensions)
            first = replace(first, errors=result.errors)
        self._tell(exchange, first.errors)
        body = first_part(first.encode(extensions), is_last=not first.has_next)
        return Answer(200, MEDIA_TYPE, body, rest=later_parts(payloads) if first.has_next else None)

    def _tell(self, exchange: Exchange, errors: Sequence[dict[str, Any]]) -> None:
        exchange.errors = len(errors)
        if errors:
            self._errors.count(errors, exchange.operation_name)

    def _coerce(self, operation: Operation, raw: dict[str, Any]) -> Mapping[str, Any]:
        try:
            return coerce_variables(operation.plan.operation, self._schema, raw)
        except VariableError as error:
            raise refused_for(error.errors, error.code) from None


def _observer(
    exchange: Exchange, kind: str, spending: Spending | None
) -> Callable[[Fetch, Response], None] | None:
    """What is told of each response: the headers to the client, and what the operation costs."""
    collected = exchange.answer_headers
    headers = None if collected is None else collected.observer(kind)
    count = None if spending is None else spending.on_response
    if headers is None:
        return count

    def observe(fetch: Fetch, response: Response) -> None:
        headers(fetch.subgraph, response)
        if count is not None:
            count(fetch, response)

    return observe


def _response_cache(
    supergraph: Supergraph, config: RouterConfig, surroundings: Surroundings, opened: AsyncExitStack
) -> "ResponseCache | None":
    if not config.response_cache.enabled:
        return None
    from gateway.server.response_cache.cache import ResponseCache  # noqa: PLC0415 - redis loads only when it is used

    cache = ResponseCache.open(supergraph, config, surroundings.metrics, surroundings.tracer)
    opened.push_async_callback(cache.close)
    return cache
