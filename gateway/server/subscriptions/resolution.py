"""How the events of a source stream become responses under one supergraph and configuration."""

import asyncio
import dataclasses
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from common.http import ASGIApp
from gateway.execution import EventPlan, ExecutionResult, RequestContext
from gateway.server.config import RouterConfig
from gateway.server.config.subscription import SubscriptionConfig
from gateway.server.demand.control import SUBGRAPH_TOO_EXPENSIVE, Refusing
from gateway.server.errors import refused
from gateway.server.exchange import Exchange
from gateway.server.headers import CLIENT_ADDRESS_HEADER
from gateway.server.http.parameters import Parameters
from gateway.server.subscriptions.subscriber import Event
from gateway.server.subscriptions.upstream import Source, SourceRequest, open_sources
from gateway.server.subscriptions.upstream.callback.registry import Callbacks
from gateway.supergraph import Supergraph

Encode = Callable[[ExecutionResult], bytes]


class Resolution(Struct, frozen=True, eq=False):
    """`encode` gives a response's JSON; the requests for an event have `timeout` seconds.

    Those that are the `same` have the same response to an event that needs nothing else.
    """

    source: Source
    request: SourceRequest
    events: EventPlan
    variables: Mapping[str, Any]
    context: RequestContext
    timeout: float
    encode: Encode
    config: SubscriptionConfig
    same: Hashable

    async def respond(self, event: Event) -> bytes:
        """The response to one event. Where it depends on nothing else, equal subscriptions are answered once."""
        if not self.events.is_whole:
            return await self._execute(event)
        response = event.responses.get(self.same)
        if response is None:
            response = event.responses[self.same] = await self._execute(event)
        return response

    async def _execute(self, event: Event) -> bytes:
        deadline = asyncio.get_running_loop().time() + self.timeout
        context = dataclasses.replace(self.context, deadline=deadline)
        return self.encode(await self.events.execute(event.body, self.variables, context))


class Resolver(Protocol):
    """What prepares the operations of one supergraph under one configuration: its pipeline."""

    async def resolve(self, exchange: Exchange, parameters: Parameters) -> Resolution:
        """Raises RequestError for what is no subscription there, or not one for the caller."""
        ...


class Resolutions:
    """Makes them for one supergraph under one configuration."""

    def __init__(
        self, supergraph: Supergraph, config: RouterConfig, apps: Mapping[str, ASGIApp], callbacks: Callbacks
    ) -> None:
        self._sources = open_sources(supergraph, config, apps, callbacks)
        self._config = config.subscription
        self._timeout = config.traffic_shaping.router.timeout

    async def close(self) -> None:
        for source in self._sources.values():
            await source.close()

    def make(
        self, events: EventPlan, variables: Mapping[str, Any], context: RequestContext, encode: Encode
    ) -> Resolution:
        """Raises RequestError where its subgraph is not subscribed to, or the operation costs too much there."""
        subgraph = events.subgraph
        source = self._sources.get(subgraph)
        if source is None:
            raise refused(
                f"`subscription.mode` says nothing of subgraph '{subgraph}'", "UNSUPPORTED_OPERATION"
            )
        if isinstance(context.transports.get(subgraph), Refusing):
            raise refused(f"The subscription costs subgraph '{subgraph}' too much", SUBGRAPH_TOO_EXPENSIVE)
        same = events, msgspec.json.encode(variables)
        request = SourceRequest(events.request(variables), self._headers(context.headers(subgraph)))
        return Resolution(
            source, request, events, variables, context, self._timeout, encode, self._config, same
        )

    def _headers(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Those of a stream; one that several clients may share comes from none of their addresses."""
        if not self._config.deduplication.enabled:
            return headers
        return tuple([header for header in headers if header[0] != CLIENT_ADDRESS_HEADER])
