"""Where each subgraph's source streams come from, by the configuration."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from common.http import ASGIApp, open_transport
from common.streaming import Streams, open_streams
from gateway.server.config import RouterConfig
from gateway.server.config.access import TokenExchange
from gateway.server.config.subscription import CallbackMode, Passthrough
from gateway.server.subgraphs import subgraph_tls
from gateway.server.subscriptions.upstream.callback.registry import Callbacks
from gateway.server.subscriptions.upstream.callback.source import callback_events
from gateway.server.subscriptions.upstream.graphql_ws import websocket_events
from gateway.server.subscriptions.upstream.over_http import EVENT_STREAM, MULTIPART, http_events
from gateway.server.subscriptions.upstream.request import SourceRequest
from gateway.server.traffic.token_exchange import Exchanger
from gateway.supergraph import Supergraph

_EXCHANGE_TIMEOUT = 5.0  # seconds


class Source:
    """The source streams of one subgraph. Equal ones are found in the same place in the same way."""

    def __init__(
        self,
        subgraph: str,
        streams: Streams,
        config: Passthrough | CallbackMode,
        callbacks: Callbacks,
        exchanger: Exchanger | None,
    ) -> None:
        self.subgraph = subgraph
        self._callbacks = callbacks
        self._streams = streams
        self._config = config
        self._exchanger = exchanger

    @property
    def place(self) -> tuple[str, Passthrough | CallbackMode]:
        """What makes two sources the same."""
        return self._streams.url, self._config

    def events(self, request: SourceRequest, established: Callable[[], None]) -> AsyncGenerator[bytes, None]:
        """The events of a new stream, which is `established` before the first. Raises FetchError and TransportError."""
        if self._exchanger is None:
            return self._stream(request, established)
        return self._exchanged(self._exchanger, request, established)

    async def close(self) -> None:
        """What began goes on; nothing begins any more."""
        if self._exchanger is not None:
            await self._exchanger.close()

    async def _exchanged(
        self, exchanger: Exchanger, request: SourceRequest, established: Callable[[], None]
    ) -> AsyncGenerator[bytes, None]:
        headers = await exchanger.replaced(request.headers, _EXCHANGE_TIMEOUT)
        async with aclosing(self._stream(request._replace(headers=headers), established)) as events:
            async for event in events:
                yield event

    def _stream(self, request: SourceRequest, established: Callable[[], None]) -> AsyncGenerator[bytes, None]:
        config = self._config
        if isinstance(config, CallbackMode):
            return callback_events(self._streams, self._callbacks, config, request, established)
        path = config.path or ""
        match config.protocol:
            case "graphql_ws":
                return websocket_events(self._streams, path, request, config.heartbeat_interval, established)
            case "sse":
                return http_events(self._streams, path, request, EVENT_STREAM, established)
            case "multipart":
                return http_events(self._streams, path, request, MULTIPART, established)


def open_sources(
    supergraph: Supergraph, config: RouterConfig, apps: Mapping[str, ASGIApp], callbacks: Callbacks
) -> dict[str, Source]:
    """The sources of the subgraphs that are subscribed to, by their names. Raises ValueError for a URL that cannot be used."""
    sources: dict[str, Source] = {}
    for name, subgraph in supergraph.subgraphs.items():
        source = config.subscription.source(name)
        if source is not None:
            url = config.override_subgraph_url.get(name, subgraph.url)
            sources[name] = Source(
                name,
                open_streams(url, apps=apps, tls=subgraph_tls(name, config.tls.subgraph.of(name))),
                source,
                callbacks,
                _exchanger(name, config.authentication.subgraph.token_exchange, apps),
            )
    return sources


def _exchanger(name: str, config: TokenExchange | None, apps: Mapping[str, ASGIApp]) -> Exchanger | None:
    if config is None:
        return None
    return Exchanger(name, config, open_transport(config.url, apps=apps), is_lasting=True)
