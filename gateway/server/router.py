"""The router: an ASGI app that answers GraphQL operations, to be served alone or mounted in another app."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self, cast

from common.telemetry import Telemetry, TraceContext, current_trace, log_request, trace_id
from gateway.server.access.policies import PolicyFunction
from gateway.server.asgi import ASGIApp, Receive, Scope, Send, respond
from gateway.server.config import LOCAL, RouterConfig
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.generation import Generation
from gateway.server.http.answer import Answer, internal_error, refusal
from gateway.server.http.body import ClientDisconnected
from gateway.server.http.compression import WORTH_COMPRESSING, compressed
from gateway.server.http.cors import is_preflight
from gateway.server.http.multipart import MEDIA_TYPE
from gateway.server.http.negotiation import negotiate
from gateway.server.http.request import HttpRequest
from gateway.server.metrics import Metrics
from gateway.server.overrides import LabelPlugin
from gateway.server.rejections import Rejections
from gateway.server.spans import name_operation, span
from gateway.server.subscriptions.clients.websocket.door import serve_websocket
from gateway.server.subscriptions.subscriptions import Subscriptions
from gateway.server.subscriptions.upstream.callback.registry import Callbacks
from gateway.server.surroundings import Surroundings
from gateway.server.traffic.door import AnswerRequest
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # they load only when there are any
    from gateway.server.plugins.plugin import Plugin
    from gateway.server.usage.reporter import UsageReporter

_log = logging.getLogger("hansa.router")
_DISCONNECTED = Answer(499, "text/plain", b"")


class Router:
    """Answers the operations of one supergraph, until `replace` gives it another.

    `label_plugins` decide about the custom labels of progressive overrides, instead of those that are installed.
    `policies` decides about `@policy`, instead of the function that the configuration names. Each of `plugins` makes a
    plugin, anew for each generation; they come after those of the configuration.

    `apps` are the ASGI apps that `app://NAME/...` URLs of subgraphs and key sets mean. Every answer carries
    `hansa-trace-id`, and every request leaves one line in the log `hansa.router`. As a context manager it is closed at
    the end. Raises ValueError for a configuration that does not fit the supergraph.
    """

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig = LOCAL,
        *,
        apps: Mapping[str, ASGIApp] | None = None,
        telemetry: Telemetry | None = None,
        label_plugins: Sequence[LabelPlugin] | None = None,
        policies: PolicyFunction | None = None,
        plugins: "Sequence[Callable[[], Plugin[Any]]]" = (),
    ) -> None:
        self._metrics = Metrics()
        self.registry = self._metrics.registry
        self._duration = lru_cache(self._metrics.duration.labels)
        self._tracer = telemetry.tracer if telemetry else None
        self._app = cast("ASGIApp", telemetry.asgi(cast("Any", self._serve))) if telemetry else self._serve
        self._surroundings = Surroundings(
            self._metrics,
            Subscriptions(self.registry),
            self._tracer,
            apps or {},
            label_plugins,
            policies,
            plugins,
        )
        self.generation = Generation(supergraph, config, self._surroundings)
        self.rejections = Rejections()
        self._replacing = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await serve_websocket(self, scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"The router does not serve {scope['type']}")
        await self._app(scope, receive, send)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Starts the plugins, which else the first request does. Raises ValueError where one does not start."""
        await self.generation.pipeline.start()

    async def replace(self, supergraph: Supergraph, config: RouterConfig) -> asyncio.Task[None]:
        """Answers from now on what is asked of another supergraph, or under another configuration.

        What clients ask for most often is planned before the first of them notices. What the predecessor has begun
        it finishes; the task that is returned ends when it is closed. Raises ValueError for a configuration that does
        not fit the supergraph, and goes on as before.
        """
        async with self._replacing:
            successor = await asyncio.to_thread(Generation, supergraph, config, self._surroundings)
            try:
                await successor.pipeline.start()
            except ValueError:
                await successor.close()
                raise
            await successor.warm_up(self.generation)
            predecessor, self.generation = self.generation, successor
            predecessor.retired.set()
        retiring = asyncio.create_task(self._retire(predecessor, successor))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        return retiring

    async def _retire(self, predecessor: Generation, successor: Generation) -> None:
        await self._surroundings.subscriptions.move_to(successor.pipeline)
        await predecessor.drain()

    @property
    def callbacks(self) -> Callbacks:
        """The subscriptions whose subgraphs call back; `CallbackDoor` is the way to them."""
        return self._surroundings.subscriptions.callbacks

    def end_subscriptions(self) -> None:
        """Tells clients that the router stops, and that they are to subscribe to another."""
        self._surroundings.subscriptions.stop()

    async def close(self) -> None:
        """Closes the connections to the subgraphs once those that were replaced are done; other requests fail."""
        await self._surroundings.subscriptions.close()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await self.generation.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange, generation = Exchange(HttpRequest.from_scope(scope)), self.generation
        generation.begin()
        token = current_trace.set(_incoming(exchange.request))
        self._metrics.active += 1
        try:
            with span(self._tracer, "router") as current:
                answer = await _answer(generation, exchange, receive)
                name_operation(current, exchange.operation_type, exchange.operation_name)
            if generation.cors is not None:
                answer = generation.cors.share(answer, exchange.request)
            if len(answer.body) >= WORTH_COMPRESSING and answer.media_type != MEDIA_TYPE:
                answer = await compressed(answer, exchange.request.headers.get(b"accept-encoding"))
            await _send(answer, send, generation.trace_headers)
            self._record(exchange, answer.status, generation.usage)
        finally:
            self._metrics.active -= 1
            generation.end()
            current_trace.reset(token)

    def _record(self, exchange: Exchange, status: int, usage: "UsageReporter | None") -> None:
        seconds = time.perf_counter() - exchange.started
        method = exchange.request.method if exchange.request.method in ("GET", "POST") else "_OTHER"
        self._duration(method, exchange.operation_type, status).observe(seconds)
        if status in (503, 504):
            self.rejections.count(self.generation.config.health_check.readiness)
        if usage is not None:
            usage.report(exchange, status, seconds)
        if _log.isEnabledFor(logging.INFO):
            log_request(_log, exchange.log_line(status, seconds))


async def _answer(generation: Generation, exchange: Exchange, receive: Receive) -> Answer:
    try:
        if generation.cors is not None and is_preflight(exchange.request):
            return generation.cors.preflight(exchange.request)
        return await _door(generation, exchange)(exchange, receive)
    except RequestError as error:
        exchange.errors = len(error.errors)
        generation.errors.count(error.errors, exchange.operation_name)
        return refusal(error, exchange.media_type)
    except ClientDisconnected:
        return _DISCONNECTED
    except RecursionError:
        return refusal(_too_deep(), exchange.media_type)
    except Exception:  # noqa: BLE001 - a defect is answered, not the connection cut; the log has it in full
        exchange.errors = 1
        _log.exception("A request could not be answered")
        return internal_error(exchange.media_type)


def _door(generation: Generation, exchange: Exchange) -> AnswerRequest:
    """What answers the request. Raises RequestError for one that is refused by its head."""
    streaming = generation.streaming
    if streaming is not None and streaming.takes(exchange.request):
        generation.csrf.check(exchange.request)
        return streaming.answer
    _require_method(exchange.request.method)
    exchange.media_type = negotiate(exchange.request.header(b"accept"))
    generation.csrf.check(exchange.request)
    return generation.answer


def _incoming(request: HttpRequest) -> TraceContext:
    trace = TraceContext.parse(request.header(b"traceparent"), request.header(b"tracestate") or "")
    return trace or TraceContext.start()


def _require_method(method: str) -> None:
    if method not in ("GET", "POST"):
        error = error_body("GraphQL is served by GET and POST", "METHOD_NOT_ALLOWED")
        raise RequestError(405, [error], headers=(("allow", "GET, POST"),))


def _too_deep() -> RequestError:
    return RequestError(400, [error_body("The request is nested too deeply", "BAD_REQUEST")])


@cache
def _content_type(media_type: str) -> bytes:
    return (media_type if media_type.startswith("multipart/") else f"{media_type}; charset=utf-8").encode()


async def _send(answer: Answer, send: Send, trace_headers: Sequence[bytes]) -> None:
    trace = (trace_id() or "").encode()
    headers = [
        (b"content-type", _content_type(answer.media_type)),
        *[(name, trace) for name in trace_headers],
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    if answer.rest is None:
        await respond(send, answer.status, headers, answer.body)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    with suppress(ClientDisconnected):
        async for part in answer.rest:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
