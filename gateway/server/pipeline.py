"""A client's request through the router: authenticate, parse, prepare, execute, answer."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace
from opentelemetry.trace import Tracer

from common.http import Transport
from gateway.execution import ExecutionResult, Payload, RequestContext, VariableError, coerce_variables
from gateway.server.access.authorization import Authorizer
from gateway.server.access.policies import PolicyFunction
from gateway.server.access.reporting import Reporting
from gateway.server.asgi import Receive
from gateway.server.config import RouterConfig
from gateway.server.demand.control import open_demand_control, unmasked, with_refused
from gateway.server.errors import RequestError, error_body, refused_for
from gateway.server.exchange import Exchange
from gateway.server.headers import ClientHeaders, propagations
from gateway.server.http.answer import Answer
from gateway.server.http.batching import Batches, joined, settled
from gateway.server.http.body import read_body
from gateway.server.http.compression import decompressed
from gateway.server.http.incremental import later_parts, require_parts, while_connected
from gateway.server.http.interruption import Interruption
from gateway.server.http.multipart import MEDIA_TYPE, first_part
from gateway.server.http.parameters import Parameters, from_get, from_json, from_post
from gateway.server.http.request import HttpRequest
from gateway.server.masking import ErrorMask
from gateway.server.metrics import Metrics
from gateway.server.operation import Operation, Preparation
from gateway.server.operations import Asked, Operations
from gateway.server.overrides import Overrides
from gateway.server.persisted_queries.documents import open_documents
from gateway.server.query_plan import PlanExposure, plan_extensions
from gateway.server.spans import span
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # they load what is needed only where they are configured
    from gateway.server.authentication import Authenticator
    from gateway.server.upload.request import Uploads

_CODING = b"content-encoding"


class Pipeline:
    """Everything that belongs to one supergraph under one configuration; neither changes."""

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig,
        *,
        transports: Mapping[str, Transport],
        authenticator: "Authenticator | None",
        metrics: Metrics,
        overrides: Overrides,
        policies: PolicyFunction | None,
        tracer: Tracer | None,
    ) -> None:
        self._schema = supergraph.api_schema
        self._max_bytes = config.limits.in_force().http_max_request_bytes
        self._timeout = config.traffic_shaping.router.timeout
        self._exposes_plans = config.plugins.expose_query_plan
        self._transports = transports
        self._authenticator = authenticator
        self._tracer = tracer
        self._uploads = _uploads(config)
        self._batches = Batches(config.batching)
        self._mask = ErrorMask(config)
        self._propagations = propagations(config.headers, supergraph.subgraphs)
        self._documents, safelist = open_documents(config)
        self._demand = open_demand_control(supergraph, config.demand_control, metrics.observe_cost)
        self._preparation = Preparation(supergraph, config, metrics, safelist=safelist, demand=self._demand)
        self._overrides = overrides
        self._authorizer = Authorizer(config.authorization, policies)
        self._reporting = Reporting(config.authorization.directives)
        self.operations = Operations(
            self._preparation,
            count=metrics.count_plan,
            max_plans=config.supergraph.query_planning.cache.in_memory.limit,
        )

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        """The answer to one request. A client that goes away ends its query; its mutation goes on.

        Raises RequestError for one that is not run, ClientDisconnected where nobody waits for an answer.
        """
        with Interruption(self._timeout) as interruption:
            await self._authenticate(exchange)
            if self._uploads is not None and (boundary := self._uploads.boundary(exchange.request)):
                return await self._answer_upload(exchange, boundary, interruption, receive)
            body = await self._read(exchange, receive)
            entries = self._batches.entries(exchange.request, body)
            if entries is not None:
                return await self._answer_batch(exchange, entries, interruption, receive)
            prepared = await self._prepare(exchange, _parameters(exchange.request, body))
            _begin(interruption, receive, prepared.operation.kind)
            answer = await self._execute(exchange, prepared, interruption.deadline)
        if answer.rest is None:
            return answer
        return replace(answer, rest=while_connected(answer.rest, receive))

    async def close(self) -> None:
        """Ends the thread and the connections; requests under way fail."""
        self._preparation.close()
        await self._documents.close()
        if self._authenticator is not None:
            await self._authenticator.close()
        for transport in self._transports.values():
            await transport.close()

    async def _authenticate(self, exchange: Exchange) -> None:
        if self._authenticator is not None:
            exchange.caller = await self._authenticator.authenticate(exchange.request)
        self._authorizer.admit(exchange.caller)

    async def _read(self, exchange: Exchange, receive: Receive) -> bytes:
        headers, limit = exchange.request.headers, self._max_bytes
        body = await read_body(receive, headers, limit)
        return await decompressed(body, headers[_CODING], limit) if _CODING in headers else body

    async def _answer_batch(
        self, exchange: Exchange, entries: list[bytes], interruption: Interruption, receive: Receive
    ) -> Answer:
        exchanges = [replace(exchange) for _ in entries]
        prepared = await settled(map(self._prepare_entry, exchanges, entries))
        kinds = {each.operation.kind for each in prepared if isinstance(each, _Prepared)}
        _begin(interruption, receive, "mutation" if "mutation" in kinds else "query")
        run = partial(self._execute_entry, deadline=interruption.deadline)
        answers = await settled(map(run, exchanges, prepared))
        exchange.errors = sum(each.errors for each in exchanges)
        return joined(answers, exchange.media_type)

    async def _answer_upload(
        self, exchange: Exchange, boundary: str, interruption: Interruption, receive: Receive
    ) -> Answer:
        assert self._uploads is not None
        async with self._uploads.read(receive, boundary) as upload:
            prepared = await self._prepare(exchange, upload.parameters)
            interruption.hold_off()  # the rest of the body is still to come: its reader is told of a disconnect
            transports = upload.through(self._transports)
            return await self._execute(
                exchange, prepared, interruption.deadline, is_alone=False, transports=transports
            )

    async def _prepare_entry(self, exchange: Exchange, entry: bytes) -> "_Prepared":
        return await self._prepare(exchange, from_json(entry))

    async def _execute_entry(
        self, exchange: Exchange, prepared: "_Prepared | RequestError", deadline: float
    ) -> Answer:
        if isinstance(prepared, RequestError):
            raise prepared
        return await self._execute(exchange, prepared, deadline, is_alone=False)

    async def _prepare(self, exchange: Exchange, parameters: Parameters) -> "_Prepared":
        with span(self._tracer, "supergraph"):
            text = self._documents.sent(parameters)
            if text is None:
                text = await self._documents.find(parameters, exchange.request)
            labels = self._overrides.decide(exchange.request)
            with span(self._tracer, "query_planning"):
                asked = Asked(text, parameters.operation_name, labels)
                operation = await self.operations.get(asked, partial(self._authorizer.refusal, exchange))
            exchange.operation_type, exchange.operation_name = operation.kind, operation.name
            if operation.kind == "mutation" and exchange.request.method == "GET":
                raise _mutation_by_get()
        return _Prepared(operation, parameters.variables or {})

    async def _execute(
        self,
        exchange: Exchange,
        prepared: "_Prepared",
        deadline: float,
        *,
        is_alone: bool = True,
        transports: Mapping[str, Transport] | None = None,
    ) -> Answer:
        operation, raw = prepared
        exposure = PlanExposure.of(exchange.request) if self._exposes_plans else PlanExposure.NONE
        extensions = None if exposure is PlanExposure.NONE else plan_extensions(operation.plan)
        if exposure is PlanExposure.DRY_RUN:
            return Answer(
                200, exchange.media_type, msgspec.json.encode({"data": None, "extensions": extensions})
            )
        variables = self._coerce(operation, raw)
        too_dear = self._demand.admit(operation.cost, variables) if self._demand and operation.cost else {}
        unauthorized = self._reporting.errors(operation.plan, variables) if operation.plan.refused else ()
        context = RequestContext(
            transports=with_refused(transports or self._transports, too_dear),
            headers=ClientHeaders(self._propagations, exchange.request, exchange.caller),
            deadline=deadline,
            mask_error=unmasked(self._mask, too_dear),
            tracer=self._tracer,
        )
        if operation.compiled.defers(variables):
            require_parts(exchange.request.header(b"accept"), is_alone=is_alone)
            payloads = operation.compiled.execute_in_parts(variables, context)
            return await self._first_part(exchange, payloads, unauthorized, extensions)
        with span(self._tracer, "execution"):
            result = await operation.compiled.execute(variables, context)
        if unauthorized:
            result, extensions = self._reporting.report(unauthorized, result, extensions)
        exchange.errors = len(result.errors)
        return Answer(200, exchange.media_type, result.encode(extensions))

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
        exchange.errors = len(first.errors)
        body = first_part(first.encode(extensions), is_last=not first.has_next)
        return Answer(200, MEDIA_TYPE, body, rest=later_parts(payloads) if first.has_next else None)

    def _coerce(self, operation: Operation, raw: dict[str, Any]) -> Mapping[str, Any]:
        try:
            return coerce_variables(operation.plan.operation, self._schema, raw)
        except VariableError as error:
            raise refused_for(error.errors, error.code) from None


class _Prepared(NamedTuple):
    """What is to run, and the variables as they were sent."""

    operation: Operation
    variables: dict[str, Any]


def _uploads(config: RouterConfig) -> "Uploads | None":
    if config.uploads is None:
        return None
    from gateway.server.upload.request import Uploads  # noqa: PLC0415 - the form parser loads only when it is used

    return Uploads(config.uploads, config.limits.http_max_request_bytes)


def _parameters(request: HttpRequest, body: bytes) -> Parameters:
    if request.method == "GET":  # its body means nothing (RFC 9110, section 9.3.1)
        return from_get(request.query_string)
    return from_post(request.header(b"content-type"), body)


def _mutation_by_get() -> RequestError:
    error = error_body("A mutation must be sent by POST", "METHOD_NOT_ALLOWED")
    return RequestError(405, [error], headers=(("allow", "POST"),))


def _begin(interruption: Interruption, receive: Receive, kind: str) -> None:
    if kind == "mutation":  # what has begun to change things is not left half done
        interruption.hold_off()
    else:
        interruption.watch(receive)
