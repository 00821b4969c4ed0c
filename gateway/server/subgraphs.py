"""The way to each subgraph: its transport, how long a request to it may take, and how long each one took."""

import logging
import ssl
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial

from common.http import Request, Response, Transport, TransportError, TransportLimits, open_transport
from common.http.tls import client_tls
from gateway.server.asgi import ASGIApp
from gateway.server.config import RouterConfig
from gateway.server.config.access import MessageSignature, TokenExchange
from gateway.server.config.tls import SubgraphTls
from gateway.server.config.traffic import SubgraphTraffic
from gateway.server.metrics import Metrics
from gateway.server.sharing import SharingTransport
from gateway.server.traffic.shaping import shaped
from gateway.supergraph import Supergraph

_log = logging.getLogger("hansa.router")


class SubgraphTransport:
    """A transport that keeps the subgraph's timeout in seconds, tells it to the subgraph, and is measured.

    `hansa-deadline-ms` is after how many milliseconds nobody waits for the answer any more.
    """

    def __init__(self, name: str, inner: Transport, *, timeout: float, metrics: Metrics) -> None:
        self._inner = inner
        self._timeout = timeout
        self._duration = lru_cache(partial(metrics.subgraph_duration.labels, name))

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        seconds = self._timeout if timeout is None else min(timeout, self._timeout)
        started, status = time.perf_counter(), "cancelled"
        try:
            response = await self._inner.send(_with_deadline(request, seconds), timeout=seconds)
        except TransportError as error:
            status = error.code
            raise
        else:
            status = str(response.status)
            return response
        finally:
            self._duration(status).observe(time.perf_counter() - started)

    async def close(self) -> None:
        await self._inner.close()


def _with_deadline(request: Request, seconds: float) -> Request:
    deadline = ("hansa-deadline-ms", str(int(seconds * 1000)))
    headers = (*request.headers, deadline)
    return Request(request.path, request.body, request.method, headers, request.idempotent, request.stream)


def open_subgraphs(
    supergraph: Supergraph, config: RouterConfig, *, apps: Mapping[str, ASGIApp], metrics: Metrics
) -> dict[str, Transport]:
    """A transport for every subgraph, by the URL in the supergraph or the one that overrides it.

    Raises ValueError for a URL that cannot be used and for an override of a subgraph that is not there.
    """
    unknown = config.override_subgraph_url.keys() - supergraph.subgraphs.keys()
    if unknown:
        raise ValueError(
            f"`override_subgraph_url` names {min(unknown)!r}, which the supergraph does not have"
        )
    for key, names in _named(config).items():
        for name in sorted(names - supergraph.subgraphs.keys()):
            _log.warning("`%s` names %r, which the supergraph does not have", key, name)
    return {
        name: _open(name, config.override_subgraph_url.get(name, subgraph.url), config, apps, metrics)
        for name, subgraph in supergraph.subgraphs.items()
    }


def _named(config: RouterConfig) -> Mapping[str, AbstractSet[str]]:
    """The subgraphs that the configuration names; one that is not there may have been, or be there soon."""
    return {
        "authentication.subgraph.subgraphs": config.authentication.subgraph.subgraphs.keys(),
        "headers.subgraphs": config.headers.subgraphs.keys(),
        "include_subgraph_errors.subgraphs": config.include_subgraph_errors.subgraphs.keys(),
        "tls.subgraph.subgraphs": config.tls.subgraph.subgraphs.keys(),
        "traffic_shaping.subgraphs": config.traffic_shaping.subgraphs.keys(),
    }


def _open(
    name: str, url: str, config: RouterConfig, apps: Mapping[str, ASGIApp], metrics: Metrics
) -> Transport:
    timeout = config.subgraph_timeout(name)
    limits = TransportLimits(response_timeout=timeout)
    tls = subgraph_tls(name, config.tls.subgraph.of(name))
    opened = open_transport(url, apps=apps, limits=limits, tls=tls, http2=config.http2(name))
    shaping = config.traffic_shaping.of(name)
    sent = _outgoing(name, opened, shaping, config.authentication.subgraph.signature_for(name))
    sent = _exchanging(name, sent, config.authentication.subgraph.token_exchange, apps)
    measured = SubgraphTransport(name, sent, timeout=timeout, metrics=metrics)
    transport = shaped(name, measured, shaping, metrics.traffic)
    if config.deduplicates(name) and not config.response_cache.caches(name):  # the cache shares by itself
        return SharingTransport(transport, metrics.shared.labels(name).inc)
    return transport


def subgraph_tls(name: str, config: SubgraphTls) -> ssl.SSLContext | None:
    """What `tls.subgraph` says of a subgraph; None where it says nothing. Raises ValueError."""
    if config == SubgraphTls():
        return None
    try:
        return client_tls(config.certificate_authorities, config.own)
    except ValueError as error:
        raise ValueError(f"`tls.subgraph` of {name!r}: {error}") from None


def _outgoing(
    name: str, transport: Transport, shaping: SubgraphTraffic, signature: MessageSignature | None
) -> Transport:
    if signature is None and shaping.compression is None:
        return transport
    from gateway.server.traffic.outgoing import outgoing  # noqa: PLC0415 - cryptography loads only when it is used

    try:
        return outgoing(transport, shaping, signature)
    except ValueError as error:
        raise ValueError(f"`authentication.subgraph` of {name!r}: {error}") from None


def _exchanging(
    name: str, transport: Transport, config: TokenExchange | None, apps: Mapping[str, ASGIApp]
) -> Transport:
    if config is None:
        return transport
    from gateway.server.traffic.token_exchange import (  # noqa: PLC0415 - loads only when it is used
        Exchanger,
        ExchangingTransport,
    )

    return ExchangingTransport(transport, Exchanger(name, config, open_transport(config.url, apps=apps)))
