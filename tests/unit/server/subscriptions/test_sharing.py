"""Who joins a source stream, and when it is too late to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from gateway.server.config.subscription import SubscriptionConfig
from gateway.server.subscriptions.sharing import SharedSources
from gateway.server.subscriptions.subscriber import Event, Signal
from gateway.server.subscriptions.upstream import Source, SourceRequest

REQUEST = SourceRequest(b"{}", ())


class OneEvent:
    """A source whose streams have one event each."""

    subgraph = "prices"
    place = ("app://prices", None)

    async def events(self, _request: SourceRequest, established: Callable[[], None]) -> AsyncIterator[bytes]:
        established()
        yield b"{}"


async def test_who_comes_as_a_stream_ends_has_a_stream_of_its_own() -> None:
    sources = SharedSources(count_shared=lambda: None)
    source = cast("Source", cast("Any", OneEvent()))
    async with asyncio.timeout(5):
        for _ in range(2):
            listening = sources.subscribe(source, REQUEST, SubscriptionConfig())
            assert isinstance(await listening.subscriber.next(), Event)
            assert await listening.subscriber.next() is Signal.END
