"""The source streams that are open, each shared by all who ask for the same."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from common.http import ProtocolError, TransportError
from gateway.execution.answer import HTTP_ERROR, MALFORMED
from gateway.execution.errors import FetchError
from gateway.server.config.subscription import Deduplication, SubscriptionConfig
from gateway.server.errors import error_body
from gateway.server.subscriptions.errors import SourceFailed, Stopping, StreamError
from gateway.server.subscriptions.subscriber import Event, Subscriber
from gateway.server.subscriptions.upstream import Source, SourceRequest

_log = logging.getLogger("hansa.router")
_DIFFERENT_BY_NATURE = frozenset({"traceparent", "tracestate"})


class SourceStream:
    """One stream and who listens to it. A slow one does not hold up the others: it fails by itself."""

    def __init__(self, source: Source, request: SourceRequest) -> None:
        self.subscribers: set[Subscriber] = set()
        self.established = asyncio.Event()
        self.is_ended = False
        self._source = source
        self._request = request
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._deliver()
        except FetchError as error:
            self._fail(error)
        except TransportError as error:
            code = MALFORMED if isinstance(error, ProtocolError) else HTTP_ERROR
            self._fail(FetchError(code, error.reason), error)
        except Exception:  # noqa: BLE001 - those who listen are told, the log has it in full
            _log.exception("A source stream of subgraph %s failed", self._source.subgraph)
            self.end(SourceFailed(error_body("Internal error", "INTERNAL_SERVER_ERROR")))
        else:
            self.end()

    async def _deliver(self) -> None:
        events = self._source.events(self._request, self.established.set)
        async with aclosing(events):
            async for body in events:
                event = Event(body)
                for subscriber in self.subscribers:
                    subscriber.offer(event)

    def _fail(self, error: FetchError, cause: Exception | None = None) -> None:
        subgraph = self._source.subgraph
        _log.warning("A source stream of subgraph %s failed: %s: %s", subgraph, error, cause or "")
        self.end(SourceFailed(error.formatted(subgraph)))

    def end(self, failure: StreamError | None = None) -> None:
        self.is_ended = True
        for subscriber in self.subscribers:
            subscriber.end(failure)


class SharedSources:
    """Who asks for the same in the same place with the same headers, but for the trace's, listens to the same stream.

    It outlives the supergraph under which a stream was opened. A stream ends with the last who listens. `count_shared` is
    called for each who joins a stream that is open.
    """

    def __init__(self, count_shared: Callable[[], None]) -> None:
        self._count_shared = count_shared
        self._shared: dict[Hashable, SourceStream] = {}
        self._open: set[SourceStream] = set()

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._open)

    def subscribe(self, source: Source, request: SourceRequest, config: SubscriptionConfig) -> "Listening":
        """A place among those who listen to the stream, which is opened if need be."""
        same = stream_key(source, request, config.deduplication)
        key = same if config.deduplication.enabled else object()
        stream = self._shared.get(key)
        if stream is None or stream.is_ended:
            stream = self._shared[key] = SourceStream(source, request)
            self._open.add(stream)
            stream.task.add_done_callback(partial(self._ended, key, stream))
        else:
            self._count_shared()
        subscriber = Subscriber(config.queue_capacity)
        stream.subscribers.add(subscriber)
        return Listening(same, subscriber, stream.established, partial(self._leave, key, stream, subscriber))

    def stop(self) -> None:
        """Tells all who listen that the router stops, and ends the streams."""
        for stream in self._open:
            stream.end(Stopping())
            stream.task.cancel()

    async def close(self) -> None:
        """Waits until the streams have ended."""
        self.stop()
        await asyncio.gather(*(stream.task for stream in self._open), return_exceptions=True)

    def _leave(self, key: Hashable, stream: SourceStream, subscriber: Subscriber) -> None:
        stream.subscribers.discard(subscriber)
        if not stream.subscribers:
            self._forget(key, stream)  # whoever comes now must not join what is being cancelled
            stream.task.cancel()

    def _ended(self, key: Hashable, stream: SourceStream, _task: "asyncio.Task[None]") -> None:
        self._open.discard(stream)
        self._forget(key, stream)

    def _forget(self, key: Hashable, stream: SourceStream) -> None:
        if self._shared.get(key) is stream:
            del self._shared[key]


class Listening(NamedTuple):
    """A place at a stream. `leave` is to be called once, by whoever listens no more."""

    key: Hashable
    subscriber: Subscriber
    established: asyncio.Event
    leave: Callable[[], None]


def stream_key(source: Source, request: SourceRequest, deduplication: Deduplication) -> Hashable:
    """Equal for what is asked for in the same place, in the same way, on behalf of the same."""
    ignored = _DIFFERENT_BY_NATURE.union(map(str.lower, deduplication.ignored_headers))
    headers = tuple([header for header in request.headers if header[0] not in ignored])
    return source.place, request.body, headers
