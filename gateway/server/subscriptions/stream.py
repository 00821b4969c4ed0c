"""One client's response stream: from the events of a source stream to responses, for as long as both last."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Sized
from contextlib import suppress
from typing import NamedTuple

from gateway.server.config.subscription import SubscriptionConfig
from gateway.server.errors import RequestError
from gateway.server.exchange import Exchange
from gateway.server.http.parameters import Parameters
from gateway.server.subscriptions.errors import Defect, SchemaReload, StreamError, TokenExpired, TooMany
from gateway.server.subscriptions.resolution import Resolution, Resolver
from gateway.server.subscriptions.sharing import Listening, SharedSources, stream_key
from gateway.server.subscriptions.subscriber import Event, Signal

_log = logging.getLogger("hansa.router")
_OVERLAP = 5.0
"""Seconds that a source stream is kept until the one that takes its place is there."""


class _Leg(NamedTuple):
    """A source stream, and how its events are resolved."""

    resolution: Resolution
    listening: Listening


class ResponseStream:
    """`heartbeat` is after how many seconds of silence there is a sign of life; None for none."""

    def __init__(
        self,
        exchange: Exchange,
        parameters: Parameters,
        resolution: Resolution,
        shared: SharedSources,
        running: "set[ResponseStream]",
    ) -> None:
        self._exchange = exchange
        self._parameters = parameters
        self._first = resolution
        self._shared = shared
        self._running = running
        self._legs: deque[_Leg] = deque()
        self._expiry = expiry_of(exchange)
        self._idle = asyncio.Event()
        self._idle.set()

    async def payloads(self, heartbeat: float | None = None) -> AsyncGenerator[bytes | None, None]:
        """The responses; None is a sign of life. Raises StreamError where the stream ends before its source does.

        The source stream is opened now, and left when this is closed.
        """
        if is_full(self._running, self._first.config):
            raise TooMany
        self._running.add(self)
        self._legs.append(self._listen(self._first))
        try:
            while (event := await self._next(heartbeat)) is not Signal.END:
                yield await self._respond(event) if isinstance(event, Event) else None
        finally:
            self._running.discard(self)
            while self._legs:
                self._legs.popleft().listening.leave()

    async def move_to(self, resolver: Resolver) -> None:
        """Goes on under another supergraph or configuration.

        The same source stream is kept, and its events are resolved anew. Where another one is needed, the old one ends
        when that is there. What is no longer valid ends with SchemaReload. Nothing is resolved by what was before, once
        this has returned.
        """
        if not self._legs:
            return
        current = self._legs[-1]
        try:
            resolution = await resolver.resolve(self._exchange, self._parameters)
        except RequestError:
            current.listening.subscriber.end(SchemaReload())
            return
        if not self._legs:  # the client has left meanwhile
            return
        if _key(resolution) == current.listening.key:
            self._resolve_by(resolution)
        else:
            await self._replace(current, resolution)
        await self._idle.wait()

    def _resolve_by(self, resolution: Resolution) -> None:
        """Also what waits of a stream that has been replaced."""
        self._legs = deque(_Leg(resolution, leg.listening) for leg in self._legs)

    async def _replace(self, current: _Leg, resolution: Resolution) -> None:
        successor = self._listen(resolution)
        self._legs.append(successor)
        with suppress(TimeoutError):
            async with asyncio.timeout(_OVERLAP):
                await successor.listening.established.wait()
        self._resolve_by(resolution)
        current.listening.subscriber.end()

    def _listen(self, resolution: Resolution) -> _Leg:
        listening = self._shared.subscribe(resolution.source, resolution.request, resolution.config)
        return _Leg(resolution, listening)

    async def _next(self, heartbeat: float | None) -> Event | Signal:
        """The next event of the first leg that has not ended."""
        until = self._until(heartbeat)
        try:
            event = await self._legs[0].listening.subscriber.next(until)
        except StreamError:
            if len(self._legs) == 1:
                raise
            event = Signal.END
        if event is Signal.SILENCE and self._expiry is not None and self._now() >= self._expiry:
            raise TokenExpired
        if event is not Signal.END or len(self._legs) == 1:
            return event
        self._legs.popleft().listening.leave()
        return Signal.SILENCE

    def _until(self, heartbeat: float | None) -> float | None:
        if heartbeat is None:
            return self._expiry
        beat = self._now() + heartbeat
        return beat if self._expiry is None else min(beat, self._expiry)

    async def _respond(self, event: Event) -> bytes:
        self._idle.clear()
        try:
            return await self._legs[0].resolution.respond(event)
        except Exception:  # noqa: BLE001 - the client is told, the log has it in full
            _log.exception("An event could not be answered")
            raise Defect from None
        finally:
            self._idle.set()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def expiry_of(exchange: Exchange) -> float | None:
    """When the caller's token expires, as the loop's time; None for one that does not."""
    expires = exchange.caller.claims.get("exp") if exchange.caller else None
    if not isinstance(expires, int | float):
        return None
    return asyncio.get_running_loop().time() + expires - time.time()


def _key(resolution: Resolution) -> Hashable:
    return stream_key(resolution.source, resolution.request, resolution.config.deduplication)


def is_full(running: Sized, config: SubscriptionConfig) -> bool:
    """Whether as many are running as may."""
    return config.max_opened_subscriptions is not None and len(running) >= config.max_opened_subscriptions
