"""All response streams of a router, whichever supergraph they began under."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.http.parameters import Parameters
from gateway.server.subscriptions.clients.reservations import Reservations
from gateway.server.subscriptions.errors import Stopping, TooMany
from gateway.server.subscriptions.resolution import Resolution, Resolver
from gateway.server.subscriptions.sharing import SharedSources
from gateway.server.subscriptions.stream import ResponseStream, is_full
from gateway.server.subscriptions.upstream.callback.registry import Callbacks


class Subscriptions:
    """Lives as long as the router.

    `reservations` are the streams that carry several operations over HTTP, `callbacks` the source streams whose
    subgraphs call back.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        shared = Counter(
            "apollo_router_deduplicated_subscriptions",
            "Subscriptions that joined a source stream which was open",
            registry=registry,
        )
        self.reservations = Reservations()
        self.callbacks = Callbacks()
        self._shared = SharedSources(count_shared=shared.inc)
        self._running: set[ResponseStream] = set()
        self._is_stopping = False
        self._moving = asyncio.Lock()
        Gauge(
            "apollo_router_opened_subscriptions", "Source streams that are open", registry=registry
        ).set_function(lambda: len(self._shared))
        Gauge(
            "hansa_router_response_streams", "Clients' subscriptions that are open", registry=registry
        ).set_function(lambda: len(self._running))

    def open(self, exchange: Exchange, parameters: Parameters, resolution: Resolution) -> ResponseStream:
        """A response stream, which begins once its payloads are asked for. Raises RequestError for one too many."""
        if self._is_stopping:
            raise RequestError(503, [Stopping().error], well_formed=True)
        if is_full(self._running, resolution.config):
            raise RequestError(503, [TooMany().error], well_formed=True)
        return ResponseStream(exchange, parameters, resolution, self._shared, self._running)

    async def move_to(self, resolver: Resolver) -> None:
        """All go on under another supergraph or configuration; none loses an event where its source stays the same.

        Returns once none needs what it began under.
        """
        async with self._moving:
            moves = [stream.move_to(resolver) for stream in self._running]
            await asyncio.gather(*moves, return_exceptions=True)

    def stop(self) -> None:
        """Ends all of them, since the router stops; no other one is opened."""
        self._is_stopping = True
        self.reservations.stop()
        self._shared.stop()

    async def close(self) -> None:
        """Ends all of them and waits until their sources have ended."""
        self.stop()
        await self._shared.close()
