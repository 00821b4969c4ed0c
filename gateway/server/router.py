"""The router: an ASGI app that answers GraphQL operations, to be served alone or mounted in another app."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

from common.http import open_transport
from common.telemetry import TRACE_ID_HEADER, Telemetry, TraceContext, current_trace, log_request, trace_id
from gateway.server.access.policies import PolicyFunction, load_policies
from gateway.server.asgi import ASGIApp, Receive, Scope, Send, respond
from gateway.server.config import LOCAL, RouterConfig
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.http.answer import Answer, internal_error, refusal
from gateway.server.http.body import ClientDisconnected
from gateway.server.http.compression import WORTH_COMPRESSING, compressed
from gateway.server.http.cors import CrossOrigin, is_preflight
from gateway.server.http.csrf import CsrfPrevention
from gateway.server.http.multipart import MEDIA_TYPE
from gateway.server.http.negotiation import negotiate
from gateway.server.http.request import HttpRequest
from gateway.server.metrics import Metrics
from gateway.server.operations import Asked
from gateway.server.overrides import LabelPlugin, Overrides
from gateway.server.pipeline import Pipeline
from gateway.server.spans import span
from gateway.server.subgraphs import open_subgraphs
from gateway.supergraph import Supergraph

if TYPE_CHECKING:
    from gateway.server.authentication import Authenticator

_log = logging.getLogger("hansa.router")
_TRACE_ID_HEADER = TRACE_ID_HEADER.encode()
_DISCONNECTED = Answer(499, "text/plain", b"")


class Router:
    """Answers the operations of one supergraph.

    `label_plugins` decide about the custom labels of progressive overrides, instead of those that are installed.
    `policies` decides about `@policy`, instead of the function that the configuration names.

    `apps` are the ASGI apps that `app://NAME/...` URLs of subgraphs and key sets mean. Every answer carries
    `hansa-trace-id`, and every request leaves one line in the log `hansa.router`. Raises ValueError for a
    configuration that does not fit the supergraph.
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
    ) -> None:
        self.config = config
        self._metrics = Metrics()
        self.registry = self._metrics.registry
        self._duration = lru_cache(self._metrics.duration.labels)
        self._tracer = telemetry.tracer if telemetry else None
        self._app = cast("ASGIApp", telemetry.asgi(cast("Any", self._serve))) if telemetry else self._serve
        self._cors = CrossOrigin.from_config(config.cors)
        self._csrf = CsrfPrevention(config.csrf)
        apps = apps or {}
        self._pipeline = Pipeline(
            supergraph,
            config,
            transports=open_subgraphs(supergraph, config, apps=apps, metrics=self._metrics),
            overrides=Overrides(supergraph.override_labels, label_plugins),
            authenticator=_authenticator(config, apps),
            policies=policies or load_policies(config.authorization.policies),
            metrics=self._metrics,
            tracer=self._tracer,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"The router does not serve {scope['type']}")
        await self._app(scope, receive, send)

    def most_used(self, count: int) -> list[Asked]:
        """What clients asked for most often, for the `warm_up` of the router that takes this one's place."""
        return self._pipeline.operations.most_used(count)

    async def warm_up(self, asked: Iterable[Asked]) -> None:
        """Plans operations before the first client asks for them; those that are not valid here are passed over."""
        await self._pipeline.operations.prepare(asked)

    async def close(self) -> None:
        """Closes the connections to the subgraphs; requests under way fail."""
        await self._pipeline.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(HttpRequest.from_scope(scope))
        token = current_trace.set(_incoming(exchange.request))
        self._metrics.active += 1
        try:
            with span(self._tracer, "router"):
                answer = await self._answer(exchange, receive)
            if self._cors is not None:
                answer = self._cors.share(answer, exchange.request)
            if len(answer.body) >= WORTH_COMPRESSING and answer.media_type != MEDIA_TYPE:
                answer = await compressed(answer, exchange.request.headers.get(b"accept-encoding"))
            await _send(answer, send)
            self._record(exchange, answer.status)
        finally:
            self._metrics.active -= 1
            current_trace.reset(token)

    async def _answer(self, exchange: Exchange, receive: Receive) -> Answer:
        try:
            if self._cors is not None and is_preflight(exchange.request):
                return self._cors.preflight(exchange.request)
            _require_method(exchange.request.method)
            exchange.media_type = negotiate(exchange.request.header(b"accept"))
            self._csrf.check(exchange.request)
            return await self._pipeline.answer(exchange, receive)
        except RequestError as error:
            exchange.errors = len(error.errors)
            return refusal(error, exchange.media_type)
        except ClientDisconnected:
            return _DISCONNECTED
        except RecursionError:
            return refusal(_too_deep(), exchange.media_type)
        except Exception:  # noqa: BLE001 - a defect is answered, not the connection cut; the log has it in full
            exchange.errors = 1
            _log.exception("A request could not be answered")
            return internal_error(exchange.media_type)

    def _record(self, exchange: Exchange, status: int) -> None:
        seconds = time.perf_counter() - exchange.started
        method = exchange.request.method if exchange.request.method in ("GET", "POST") else "_OTHER"
        self._duration(method, exchange.operation_type, status).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            log_request(_log, exchange.log_line(status, seconds))


def _authenticator(config: RouterConfig, apps: Mapping[str, ASGIApp]) -> "Authenticator | None":
    jwt = config.authentication.router.jwt
    if jwt is None:
        return None
    from gateway.server.authentication import Authenticator  # noqa: PLC0415 - cryptography loads only when it is used

    return Authenticator.from_config(jwt, lambda url: open_transport(url, apps=apps))


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


async def _send(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", _content_type(answer.media_type)),
        (_TRACE_ID_HEADER, (trace_id() or "").encode()),
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
