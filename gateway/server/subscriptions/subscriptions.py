"""All response streams of a router, whichever supergraph they began under."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.http.parameters import Parameters
from gateway.server.subscriptions.clients.reservations import Reservations
from gateway.server.subscriptions.errors import TooMany
from gateway.server.subscriptions.resolution import Resolution, Resolver
from gateway.server.subscriptions.sharing import SharedSources
from gateway.server.subscriptions.stream import ResponseStream, is_full


class Subscriptions:
    """Lives as long as the router. `reservations` are the streams that carry several operations over HTTP."""

    def __init__(self, registry: CollectorRegistry) -> None:
        shared = Counter(
            "apollo_router_deduplicated_subscriptions",
            "Subscriptions that joined a source stream which was open",
            registry=registry,
        )
        self.reservations = Reservations()
        self._shared = SharedSources(count_shared=shared.inc)
        self._running: set[ResponseStream] = set()
        self._moving: set[asyncio.Task[None]] = set()
        Gauge(
            "apollo_router_opened_subscriptions", "Source streams that are open", registry=registry
        ).set_function(lambda: len(self._shared))
        Gauge(
            "hansa_router_response_streams", "Clients' subscriptions that are open", registry=registry
        ).set_function(lambda: len(self._running))

    def open(self, exchange: Exchange, parameters: Parameters, resolution: Resolution) -> ResponseStream:
        """A response stream, which begins once its payloads are asked for. Raises RequestError for one too many."""
        if is_full(self._running, resolution.config):
            raise RequestError(503, [TooMany().error], well_formed=True)
        return ResponseStream(exchange, parameters, resolution, self._shared, self._running)

    def move_to(self, resolver: Resolver) -> None:
        """All go on under another supergraph or configuration; none loses an event where its source stays the same."""
        for stream in tuple(self._running):
            moving = asyncio.create_task(stream.move_to(resolver))
            self._moving.add(moving)
            moving.add_done_callback(self._moving.discard)

    async def close(self) -> None:
        """Ends all of them, since the router stops."""
        for moving in tuple(self._moving):
            moving.cancel()
        await self._shared.close()
