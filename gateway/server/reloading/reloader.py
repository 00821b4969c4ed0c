"""Keeps a router at what its origin says, without a request lost; for a process's entry."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Never

from prometheus_client import Counter

from gateway.server.config import ConfigError, RouterConfig
from gateway.server.process import building, settle
from gateway.server.reloading.files import POLL_SECONDS
from gateway.server.reloading.origin import Origin
from gateway.server.reloading.sources import SourceError
from gateway.server.router import Router

_log = logging.getLogger("hansa.router")
_FIXED = (
    "supergraph.listen",
    "supergraph.path",
    "tls.supergraph",
    "supergraph.connection_shutdown_timeout",
    "trusted_proxies",
    "health_check.enabled",
    "health_check.listen",
    "health_check.path",
    "telemetry.exporters.metrics",
    "telemetry.exporters.logging",
    "telemetry.exporters.tracing.common",
    "telemetry.exporters.tracing.otlp",
    "response_cache.invalidation.listen",
    "response_cache.invalidation.path",
    "subscription.mode.callback.listen",
    "subscription.mode.callback.path",
    "homepage",
    "sandbox",
)
"""What is taken when the process starts, and never again."""


class Reloader:
    """Reloads `router` from `origin`: a bad one is refused with a line in the log, and the router goes on as before."""

    def __init__(self, router: Router, origin: Origin) -> None:
        self._router = router
        self._origin = origin
        self._count = Counter(
            "hansa_router_reloads",
            "Other supergraphs and configurations, by whether they were taken or refused",
            ["result"],
            registry=router.registry,
        )
        self._complaint = ""

    async def run(self, asked: asyncio.Event, *, poll: float | None) -> Never:
        """Reloads whenever `asked` is set.

        With `poll` also when a file has changed, and when a URL that is asked every so many seconds has.
        """
        if poll is None:
            while True:
                await asked.wait()
                asked.clear()
                await self.reload()
        await self._watch(asked, poll)

    async def reload(self) -> None:
        """Reads everything and takes it, or refuses it."""
        before = self._router.generation.config
        try:
            with building():
                wanted = await self._origin.load()
                retiring = await self._router.replace(*wanted)
        except (SourceError, ConfigError, ValueError) as error:
            self._refuse(str(error))
        except Exception:  # noqa: BLE001 - a defect in what is new must not end what runs
            _log.exception("A reload failed")
            self._refuse("see above")
        else:
            retiring.add_done_callback(lambda _: settle())
            self._count.labels("taken").inc()
            _log.info("Another supergraph or configuration was taken")
            for key in _fixed_changes(before, wanted.config):
                _log.warning("The new value of `%s` counts from the next start on", key)

    async def _watch(self, asked: asyncio.Event, poll: float) -> Never:
        loop = asyncio.get_running_loop()
        next_poll = loop.time() + poll
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await asked.wait()
            is_due = asked.is_set() or await asyncio.to_thread(self._origin.has_changed)
            asked.clear()
            if not is_due and loop.time() >= next_poll:
                next_poll = loop.time() + poll
                is_due = await self._has_moved()
            if is_due:
                await self.reload()

    async def _has_moved(self) -> bool:
        try:
            has_moved = await self._origin.has_moved()
        except SourceError as error:
            if str(error) != self._complaint:  # told once, not at every look
                _log.warning("The supergraph cannot be asked for: %s", error)
            self._complaint = str(error)
            return False
        self._complaint = ""
        return has_moved

    def _refuse(self, reason: str) -> None:
        settle()
        self._count.labels("refused").inc()
        _log.error("The reload is refused, the router goes on as before: %s", reason)


def _fixed_changes(before: RouterConfig, after: RouterConfig) -> Iterator[str]:
    for key in _FIXED:
        old: object = before
        new: object = after
        for name in key.split("."):
            old, new = getattr(old, name, None), getattr(new, name, None)  # `callback` may be missing
        if old != new:
            yield key
