"""The subgraph stage: one client's requests to a subgraph, through the plugins' hooks."""

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from common.http import Request, Response, TimeoutError_, Transport, TransportError
from gateway.server.exchange import Exchange
from gateway.server.plugins.call import Call
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.hooks import Hooks, HookTimeout, PluginFailed
from gateway.server.plugins.stages import SubgraphRequest, SubgraphResponse


class PluginFetchError(TransportError):
    """A hook raised; nothing was sent, or nobody reads what came."""

    code = "PLUGIN_ERROR"
    reason = "a plugin failed"


class PluggedTransport:
    """A transport to the subgraph `name` on behalf of one client's request."""

    def __init__(self, name: str, inner: Transport, hooks: Hooks, exchange: Exchange, call: Call) -> None:
        self._name = name
        self._inner = inner
        self._hooks = hooks
        self._exchange = exchange
        self._call = call

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        try:
            return await self._send(request, timeout)
        except PluginFailed as failed:
            raise PluginFetchError from failed
        except HookTimeout as late:
            raise TimeoutError_("a plugin took too long") from late

    async def close(self) -> None:
        """It belongs to one request; the inner one goes on."""

    async def _send(self, request: Request, seconds: float | None) -> Response:
        request_id = secrets.token_hex(16)
        if self._hooks.subgraph_request:
            asked = self._asked(request, request_id)
            early = await self._hooks.subgraph_request.run(asked, seconds)
            if early is not None:
                return _encoded(early)
            headers = asked.headers.pairs()
            request = replace(request, headers=headers, body=msgspec.json.encode(asked.body))
        response = await self._inner.send(request, timeout=seconds)
        if not self._hooks.subgraph_response:
            return response
        told = self._told(response, request_id)
        await self._hooks.subgraph_response.run(told, seconds)
        return _encoded(told)

    def _asked(self, request: Request, request_id: str) -> SubgraphRequest:
        return SubgraphRequest(
            **self._call.shared(self._exchange),
            headers=Headers(request.headers),
            subgraph=self._name,
            uri=self.url,
            body=msgspec.json.decode(request.body),
            method=request.method,
            subgraph_request_id=request_id,
        )

    def _told(self, response: Response, request_id: str) -> SubgraphResponse:
        return SubgraphResponse(
            **self._call.shared(self._exchange),
            headers=Headers(response.headers),
            subgraph=self._name,
            status=response.status,
            body=_decoded(response.body),
            subgraph_request_id=request_id,
        )


def plugged(
    transports: Mapping[str, Transport], hooks: Hooks, exchange: Exchange, call: Call
) -> Mapping[str, Transport]:
    """The transports through the hooks; as they are where no plugin has one for subgraphs."""
    if not hooks.subgraph_request and not hooks.subgraph_response:
        return transports
    return {name: PluggedTransport(name, each, hooks, exchange, call) for name, each in transports.items()}


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body


def _encoded(told: SubgraphResponse) -> Response:
    body = told.body if isinstance(told.body, bytes) else msgspec.json.encode(told.body)
    return Response(told.status, told.headers.pairs(), body)
