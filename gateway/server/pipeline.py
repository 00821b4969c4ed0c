"""A client's request through the router: authenticate, parse, prepare, execute, answer."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from common.http import open_transport
from gateway.server.access.authorization import Authorizer
from gateway.server.access.policies import load_policies
from gateway.server.asgi import Receive
from gateway.server.config import RouterConfig
from gateway.server.demand.control import Observe, open_demand_control
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.executing import Executor, Prepared
from gateway.server.http.answer import Answer
from gateway.server.http.batching import Batches, joined, settled
from gateway.server.http.body import read_body
from gateway.server.http.compression import decompressed
from gateway.server.http.incremental import while_connected
from gateway.server.http.interruption import Interruption
from gateway.server.http.parameters import Parameters, from_get, from_json, from_post
from gateway.server.http.request import HttpRequest
from gateway.server.operation import Preparation
from gateway.server.operations import Asked, Operations
from gateway.server.overrides import Overrides
from gateway.server.persisted_queries.documents import open_documents
from gateway.server.rate_limits.control import open_rate_limits
from gateway.server.spans import name_operation, span
from gateway.server.subscriptions.clients.accepting import no_stream_accepted
from gateway.server.subscriptions.resolution import Resolution
from gateway.server.surroundings import Surroundings
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # they load what is needed only where they are configured
    from gateway.server.authentication import Authenticator
    from gateway.server.upload.request import Uploads

_CODING = b"content-encoding"


class Pipeline:
    """The parts that a request passes, of one supergraph under one configuration.

    What a part opened is closed by `opened`. Raises ValueError for a configuration that does not fit the supergraph.
    """

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig,
        surroundings: Surroundings,
        opened: AsyncExitStack,
        *,
        make_executor: Callable[..., Executor] = Executor,
    ) -> None:
        metrics = surroundings.metrics
        self._errors = metrics.errors
        self._max_bytes = config.limits.in_force().http_max_request_bytes
        self._subscriptions = surroundings.subscriptions
        self._timeout = config.traffic_shaping.router.timeout
        self._tracer = surroundings.tracer
        self.authenticator = _authenticator(config, surroundings, opened)
        self._authorizer = Authorizer(
            config.authorization, surroundings.policies or load_policies(config.authorization.policies)
        )
        self._uploads = _uploads(config)
        self._batches = Batches(config.batching)
        self._documents, safelist = open_documents(config)
        opened.push_async_callback(self._documents.close)
        self._overrides = Overrides(supergraph.override_labels, surroundings.label_plugins)
        observe = Observe(metrics.observe_cost, metrics.observe_actual_cost)
        demand = open_demand_control(supergraph, config.demand_control, observe)
        preparation = Preparation(supergraph, config, metrics, safelist=safelist, demand=demand)
        opened.callback(preparation.close)
        self.operations = Operations(
            preparation,
            count=metrics.count_plan,
            max_plans=config.supergraph.query_planning.cache.in_memory.limit,
        )
        self._executor = make_executor(supergraph, config, surroundings, opened, demand=demand)
        self.response_cache = self._executor.response_cache
        self._rate_limits = open_rate_limits(config.rate_limits, metrics.traffic, surroundings.apps)
        if self._rate_limits is not None:
            opened.push_async_callback(self._rate_limits.close)

    def take_over(self, predecessor: "Pipeline") -> None:
        """Begins with what the predecessor knows and does not belong to its supergraph."""
        if self.authenticator is not None and predecessor.authenticator is not None:
            self.authenticator.take_over(predecessor.authenticator)

    async def start(self) -> None:
        """What must be ready before the first request. Raises ValueError."""
        if self.response_cache is not None:
            await self.response_cache.start()

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        """The answer to one request. A client that goes away ends its query; its mutation goes on.

        Raises RequestError for one that is not run, ClientDisconnected where nobody waits for an answer.
        """
        with Interruption(self._timeout) as interruption:
            await self.authenticate(exchange)
            if self._uploads is not None and (boundary := self._uploads.boundary(exchange.request)):
                return await self._answer_upload(exchange, boundary, interruption, receive)
            body = await self._read(exchange, receive)
            entries = self._batches.entries(exchange.request, body)
            if entries is not None:
                return await self._answer_batch(exchange, entries, interruption, receive)
            parameters = _parameters(exchange.request, body)
            prepared = await self._prepare(exchange, parameters)
            _begin(interruption, receive, prepared.operation.kind)
            answer = await self._run(exchange, parameters, prepared, interruption.deadline)
        if answer.rest is None:
            return answer
        return replace(answer, rest=while_connected(answer.rest, receive))

    async def parameters(self, exchange: Exchange, receive: Receive) -> Parameters:
        """What a POST request asks. Raises RequestError, ClientDisconnected."""
        return _parameters(exchange.request, await self._read(exchange, receive))

    async def operate(self, exchange: Exchange, parameters: Parameters) -> Answer:
        """The answer to one operation of a connection that carries several; its caller is known. Raises RequestError."""
        try:
            with Interruption(self._timeout) as interruption:
                prepared = await self._prepare(exchange, parameters)
                if prepared.operation.kind == "mutation":
                    interruption.hold_off()
                return await self._run(exchange, parameters, prepared, interruption.deadline)
        except RequestError as error:
            self._errors.count(error.errors, exchange.operation_name)
            raise

    async def resolve(self, exchange: Exchange, parameters: Parameters) -> Resolution:
        """How the events of a subscription that is running become responses here. Raises RequestError."""
        text = self._documents.sent(parameters)
        if text is None:
            text = await self._documents.find(parameters, exchange.request)
        prepared = await self._planned(exchange, text, parameters)
        return self._executor.resolve(exchange, prepared)

    async def _run(
        self, exchange: Exchange, parameters: Parameters, prepared: Prepared, deadline: float
    ) -> Answer:
        if prepared.operation.compiled.events is None:
            return await self._executor.execute(exchange, prepared, deadline)
        if not exchange.takes_events:
            raise no_stream_accepted()
        resolution = self._executor.resolve(exchange, prepared)
        stream = self._subscriptions.open(exchange, parameters, resolution)
        return Answer(200, exchange.media_type, b"", stream=stream)

    async def authenticate(self, exchange: Exchange) -> None:
        """Finds out who asks. Raises RequestError for one who may not."""
        if self.authenticator is not None:
            exchange.caller = await self.authenticator.authenticate(exchange.request)
        self._authorizer.admit(exchange.caller)

    async def _read(self, exchange: Exchange, receive: Receive) -> bytes:
        headers, limit = exchange.request.headers, self._max_bytes
        body = await read_body(receive, headers, limit)
        return await decompressed(body, headers[_CODING], limit) if _CODING in headers else body

    async def _answer_batch(
        self, exchange: Exchange, entries: list[bytes], interruption: Interruption, receive: Receive
    ) -> Answer:
        exchange.entries = exchanges = [replace(exchange) for _ in entries]
        prepared = await settled(map(self._prepare_entry, exchanges, entries))
        kinds = {each.operation.kind for each in prepared if isinstance(each, Prepared)}
        _begin(interruption, receive, "mutation" if "mutation" in kinds else "query")
        run = partial(self._execute_entry, deadline=interruption.deadline)
        answers = await settled(map(run, exchanges, prepared))
        refused = [error for answer in answers if isinstance(answer, RequestError) for error in answer.errors]
        self._errors.count(refused, None)
        exchange.errors = sum(each.errors for each in exchanges) + len(refused)
        return joined(answers, exchange.media_type)

    async def _answer_upload(
        self, exchange: Exchange, boundary: str, interruption: Interruption, receive: Receive
    ) -> Answer:
        assert self._uploads is not None
        async with self._uploads.read(receive, boundary) as upload:
            prepared = await self._prepare(exchange, upload.parameters)
            interruption.hold_off()  # the rest of the body is still to come: its reader is told of a disconnect
            transports = upload.through(self._executor.transports)
            return await self._executor.execute(
                exchange, prepared, interruption.deadline, is_alone=False, transports=transports
            )

    async def _prepare_entry(self, exchange: Exchange, entry: bytes) -> Prepared:
        return await self._prepare(exchange, from_json(entry))

    async def _execute_entry(
        self, exchange: Exchange, prepared: Prepared | RequestError, deadline: float
    ) -> Answer:
        if isinstance(prepared, RequestError):
            raise prepared
        return await self._executor.execute(exchange, prepared, deadline, is_alone=False)

    async def _prepare(self, exchange: Exchange, parameters: Parameters) -> Prepared:
        if self._rate_limits is not None:
            await self._rate_limits.before(exchange)
        with span(self._tracer, "supergraph") as current:
            text = self._documents.sent(parameters)
            if text is None:
                text = await self._documents.find(parameters, exchange.request)
            prepared = await self._planned(exchange, text, parameters)
            name_operation(current, exchange.operation_type, exchange.operation_name)
        if self._rate_limits is not None:
            await self._rate_limits.after(exchange)
        return prepared

    async def _planned(self, exchange: Exchange, text: str, parameters: Parameters) -> Prepared:
        labels = self._overrides.decide(exchange.request)
        with span(self._tracer, "query_planning"):
            asked = Asked(text, parameters.operation_name, labels)
            operation = await self.operations.get(asked, partial(self._authorizer.refusal, exchange))
        exchange.operation = operation
        exchange.operation_type, exchange.operation_name = operation.kind, operation.name
        if operation.kind == "mutation" and exchange.request.method == "GET":
            raise _mutation_by_get()
        return Prepared(operation, parameters.variables or {})


def _authenticator(
    config: RouterConfig, surroundings: Surroundings, opened: AsyncExitStack
) -> "Authenticator | None":
    jwt = config.authentication.router.jwt
    if jwt is None:
        return None
    from gateway.server.authentication import Authenticator  # noqa: PLC0415 - cryptography loads only when it is used

    authenticator = Authenticator.from_config(jwt, lambda url: open_transport(url, apps=surroundings.apps))
    opened.push_async_callback(authenticator.close)
    return authenticator


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
