"""The reverse proxy, as a raw ASGI app: each request is admitted, sent to an upstream, and its answer passed on as it comes."""

import asyncio
from typing import Any

from common.http import TransportError
from common.telemetry import TRACE_ID_HEADER, TraceContext, current_trace
from common.telemetry.context import active
from subgraphs.tenants.dataplane.admission import Admissions
from subgraphs.tenants.dataplane.body import BodyTooLarge, BodyTooSlow, ClientFault, RequestBody
from subgraphs.tenants.dataplane.cors import preflight_headers, without_cors
from subgraphs.tenants.dataplane.cors import response_headers as cors_headers
from subgraphs.tenants.dataplane.exchange import Answer, Exchange
from subgraphs.tenants.dataplane.forwarding import Forwarding
from subgraphs.tenants.dataplane.headers import request_lines, response_headers
from subgraphs.tenants.dataplane.observing import Observer, Record
from subgraphs.tenants.dataplane.paths import without_segments
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.request import IncomingRequest, read_request
from subgraphs.tenants.dataplane.serving import Caller, ServedRoute
from subgraphs.tenants.dataplane.websocket import WebSockets

_CLIENT_CLOSED = 499
_TRACE = TRACE_ID_HEADER.encode()


class Proxy:
    """Serves HTTP and WebSockets; whoever runs it starts what it is made of. `is_traced` says that there are spans around its requests."""

    def __init__(
        self, admissions: Admissions, forwarding: Forwarding, observer: Observer, *, is_traced: bool = False
    ) -> None:
        self._is_traced = is_traced
        self._admissions = admissions
        self._forwarding = forwarding
        self._observer = observer
        self._websockets = WebSockets(self._admit, self._lines, observer.answered)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        incoming = _incoming(scope["headers"])
        token = current_trace.set(incoming)
        trace = (active() if self._is_traced else None) or incoming
        record = Record(scope.get("method", "GET"), scope["path"], trace)
        self._observer.active += 1
        try:
            await self._answer(scope, receive, send, record)
        finally:
            self._observer.active -= 1
            record.admission.leave()
            self._observer.ended(record)
            current_trace.reset(token)

    async def _answer(self, scope: Any, receive: Any, send: Any, record: Record) -> None:
        request = None
        try:
            request = read_request(scope)
            if scope["type"] == "websocket":
                await self._websockets.serve(request, receive, send, record)
            else:
                await self._serve(request, receive, send, record)
        except Refusal as refusal:
            record.status, record.rule = refusal.status, refusal.rule
            self._observer.refused(record)
            await _refuse(scope, send, refusal, record.trace.trace_id, _cors(request, record))

    async def _serve(self, request: IncomingRequest, receive: Any, send: Any, record: Record) -> None:
        preflight = self._admissions.preflight(request)
        if preflight is not None:
            await self._answer_preflight(request, preflight, send, record)
            return
        caller = await self._admit(request, record)
        route = caller.route
        upstream = route.upstream.config
        body = RequestBody(
            request, receive, most=route.policy.config.max_body, patience=upstream.timeouts.idle
        )
        total = upstream.timeouts.total
        if total is None:
            await self._exchange(request, caller, body, send, record)
            return
        try:
            async with asyncio.timeout(total):
                await self._exchange(request, caller, body, send, record)
        except TimeoutError:
            if record.status:
                record.cut = "TIMEOUT"
                return
            raise Refusal(504, Rule.DEADLINE, "The time for the request is over") from None

    async def _admit(self, request: IncomingRequest, record: Record) -> Caller:
        record.host = request.host
        record.client = self._forwarding.client(request.client, request.headers)
        return await self._admissions.admit(request, record.admission)

    async def _answer_preflight(
        self, request: IncomingRequest, route: ServedRoute, send: Any, record: Record
    ) -> None:
        cors = route.policy.config.cors
        assert cors is not None
        record.admission.caller, record.status = route.anyone, 204
        headers = preflight_headers(cors, request)
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body"})

    async def _exchange(
        self, request: IncomingRequest, caller: Caller, body: RequestBody, send: Any, record: Record
    ) -> None:
        route = caller.route
        exchange, is_whole = Exchange(route, request.method, body), False
        try:
            answer = await exchange.start(
                _request_line(request, route),
                self._lines(request, caller, record),
                request.host_field if route.upstream.config.preserve_host else None,
            )
            record.status = answer.head.status
            self._observer.answered(record)
            await self._pass_on(request, route, answer, send, record)
            is_whole = True
        except ClientFault as fault:
            _blame(fault, record)
        except (
            TransportError
        ) as error:  # in the midst of the answer, which cannot be taken back: the server hangs up
            record.cut = error.code
        finally:
            exchange.end(is_whole=is_whole)
            record.target, record.attempts, record.bytes_in = exchange.target, exchange.attempts, body.size

    async def _pass_on(
        self, request: IncomingRequest, route: ServedRoute, answer: Answer, send: Any, record: Record
    ) -> None:
        """The answer, piece by piece; the next one is read once the client has room for it."""
        head, connection = answer
        headers = response_headers(head.headers, route.policy.response)
        if route.policy.config.cors is not None:
            headers = without_cors(headers) + cors_headers(route.policy.config.cors, request)
        headers.extend(record.admission.headers or ())
        headers.append((_TRACE, record.trace.trace_id.encode()))
        await send({"type": "http.response.start", "status": head.status, "headers": headers})
        patience = route.upstream.config.timeouts.idle
        while not connection.has_ended:
            piece = await connection.read(patience)
            if piece:
                await _send_in_time(send, piece, patience, record)
        last = connection.read_now()
        record.bytes_out += len(last)
        await send({"type": "http.response.body", "body": last})

    def _lines(self, request: IncomingRequest, caller: Caller, record: Record) -> bytes:
        """The header lines for the upstream, but for the Host and what frames the body."""
        admission, dropped = record.admission, request.options
        if admission.credential is not None:
            dropped |= {admission.credential.header}
        trace = "".join([f"{name}: {value}\r\n" for name, value in record.trace.headers()])
        return b"%b%b%b%b" % (
            request_lines(request.headers, dropped, caller.route.policy.request),
            self._forwarding.lines(request.client, request.scheme, request.host_field, request.headers),
            caller.lines,
            trace.encode("latin-1"),
        )


async def _live(receive: Any, send: Any) -> None:
    """Whoever runs the proxy has started all of it already, and stops it."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _send_in_time(send: Any, piece: bytes, seconds: float, record: Record) -> None:
    record.bytes_out += len(piece)
    async with asyncio.timeout(seconds):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _request_line(request: IncomingRequest, route: ServedRoute) -> bytes:
    path = without_segments(request.path, route.stripped) if route.stripped else request.path
    target = b"%b?%b" % (path, request.query) if request.query else path
    return b"%b %b HTTP/1.1\r\n" % (request.method.encode(), target)


def _incoming(headers: list[tuple[bytes, bytes]]) -> TraceContext:
    parent = state = ""
    for name, value in headers:
        if name == b"traceparent":
            parent = value.decode("latin-1")
        elif name == b"tracestate":
            state = value.decode("latin-1")
    return (TraceContext.parse(parent, state) if parent else None) or TraceContext.start()


def _blame(fault: ClientFault, record: Record) -> None:
    """The client is gone, and nobody is to be answered, or it is told what was wrong. Raises Refusal."""
    if record.status:
        record.cut = fault.code
        return
    if isinstance(fault, BodyTooLarge):
        raise Refusal(413, Rule.BODY, "The body is too large", _CLOSE) from None
    if isinstance(fault, BodyTooSlow):
        raise Refusal(408, Rule.BODY, "The body did not come in time", _CLOSE) from None
    record.status = _CLIENT_CLOSED


_CLOSE = ((b"connection", b"close"),)


def _cors(request: IncomingRequest | None, record: Record) -> list[tuple[bytes, bytes]]:
    """What lets a page read why it was refused."""
    caller = record.admission.caller
    cors = caller.route.policy.config.cors if caller is not None else None
    return cors_headers(cors, request) if request is not None and cors is not None else []


async def _refuse(
    scope: Any, send: Any, refusal: Refusal, trace: str, cors: list[tuple[bytes, bytes]]
) -> None:
    body = refusal.body(trace)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (_TRACE, trace.encode()),
        *refusal.headers,
        *cors,
    ]
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
