"""All that hangs on one supergraph under one configuration, and how long it lives.

A router has one generation at a time. Another takes its place whole; the old one finishes what it has begun.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from common.telemetry import TRACE_ID_HEADER
from gateway.server.config import RouterConfig
from gateway.server.config.telemetry import ResponseTraceId, Usage
from gateway.server.http.cors import CrossOrigin
from gateway.server.http.csrf import CsrfPrevention
from gateway.server.metrics import Metrics
from gateway.server.pipeline import Pipeline
from gateway.server.subscriptions.clients.over_http import StreamingDoor
from gateway.server.surroundings import Surroundings
from gateway.server.traffic.door import guarded
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # it loads what speaks to NATS
    from gateway.server.usage.reporter import UsageReporter


class Generation:
    """Neither its supergraph nor its configuration changes.

    It is made in a thread: what needs an event loop is opened when it is first used. What is long, such as a
    subscription, awaits `retired` and then makes room for its successor; what is under way between `begin` and `end`
    keeps the connections open. Raises ValueError for a configuration that does not fit the supergraph.
    """

    def __init__(self, supergraph: Supergraph, config: RouterConfig, surroundings: Surroundings) -> None:
        self.supergraph = supergraph
        self.config = config
        self.retired = asyncio.Event()
        self.cors = CrossOrigin.from_config(config.cors)
        self.csrf = CsrfPrevention(config.csrf)
        self.trace_headers = _trace_headers(config.telemetry.exporters.tracing.experimental_response_trace_id)
        self.errors = surroundings.metrics.errors
        self._opened = AsyncExitStack()
        self.pipeline = _open_pipeline(supergraph, config, surroundings, self._opened)
        self.answer = guarded(self.pipeline.answer, supergraph, config, surroundings.metrics.traffic)
        self.streaming = (
            StreamingDoor(self.pipeline, self.answer, surroundings.subscriptions.reservations)
            if config.subscription.enabled
            else None
        )
        self.usage = _usage(config.telemetry.usage, surroundings.metrics, self._opened)
        self._under_way = 0
        self._idle = asyncio.Event()

    def begin(self) -> None:
        """One more that the generation is not closed before, unless it takes too long."""
        self._under_way += 1

    def end(self) -> None:
        """One less."""
        self._under_way -= 1
        if self._under_way == 0 and self.retired.is_set():
            self._idle.set()

    async def warm_up(self, predecessor: "Generation") -> None:
        """Plans what clients asked the predecessor for most often; what is not valid here is passed over."""
        self.pipeline.take_over(predecessor.pipeline)
        most_used = predecessor.pipeline.operations.most_used(self.config.warmed_up_queries)
        await self.pipeline.operations.prepare(most_used)

    async def drain(self) -> None:
        """Closes a retired generation once nothing is under way, or after `supergraph.connection_shutdown_timeout`."""
        if self._under_way:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.config.supergraph.connection_shutdown_timeout):
                    await self._idle.wait()
        await self.close()

    async def close(self) -> None:
        """Closes what was opened, last first; requests under way fail."""
        self.retired.set()
        await self._opened.aclose()


def _usage(config: Usage, metrics: Metrics, opened: AsyncExitStack) -> "UsageReporter | None":
    if config.nats is None:
        return None
    from common.events.jetstream import JetStreamLog  # noqa: PLC0415 - the client loads only when it is used
    from gateway.server.usage.reporter import UsageReporter  # noqa: PLC0415 - the same

    reporter = UsageReporter(JetStreamLog.open(config.nats), config, metrics.dropped_usage.inc)
    opened.push_async_callback(reporter.close)
    return reporter


def _trace_headers(config: ResponseTraceId) -> tuple[bytes, ...]:
    own = TRACE_ID_HEADER.encode()
    return (own, config.header_name.lower().encode()) if config.enabled else (own,)


def _open_pipeline(
    supergraph: Supergraph, config: RouterConfig, surroundings: Surroundings, opened: AsyncExitStack
) -> Pipeline:
    if not config.plugins.named and not surroundings.plugins and config.coprocessor is None:
        return Pipeline(supergraph, config, surroundings, opened)
    from gateway.server.plugins.loading import open_plugged  # noqa: PLC0415 - they load only when there are any

    return open_plugged(supergraph, config, surroundings, opened)
