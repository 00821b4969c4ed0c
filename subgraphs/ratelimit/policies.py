"""The policies in memory: read when a change is told, and once a second; without the database they stay what they were."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from common.database import Database, RetryableError
from common.live import Live
from subgraphs.ratelimit.domain.matching import PolicySet
from subgraphs.ratelimit.errors import PoliciesUnavailableError
from subgraphs.ratelimit.store import policies as store

_log = logging.getLogger("hansa.ratelimit")

INTERVAL = 1.0  # seconds


class Policies:
    """The latest `PolicySet`. `on_change` is called after another took its place."""

    def __init__(self, database: Database, on_change: Callable[[], None]) -> None:
        self._database = database
        self._on_change = on_change
        self._set: PolicySet | None = None
        self._seen: tuple[int, int] | None = None

    @property
    def current(self) -> PolicySet:
        """The policies to decide by.

        Raises:
            PoliciesUnavailableError: they were never read.
        """
        if self._set is None:
            raise PoliciesUnavailableError("The policies have not been read yet; try again in a moment")
        return self._set

    async def refresh(self) -> None:
        """Read them if they changed, or an override's time is over.

        Raises:
            RetryableError: the database cannot be asked.
        """
        async with self._database.transaction() as transaction:
            seen = await store.read_revision(transaction)
            if seen == self._seen:
                return
            overrides = await store.overrides(transaction)
            policies = await store.policies(transaction)
            namespaces = await store.all_namespaces(transaction)
        self._set = PolicySet([each.name for each in namespaces], policies, overrides)
        self._seen = seen
        self._on_change()

    async def ready(self) -> None:
        """Raise PoliciesUnavailableError until they were read."""
        _ = self.current

    @asynccontextmanager
    async def following(self, live: Live) -> AsyncIterator[None]:
        """Look when `live` tells of a change, and once a second, until the end of the block."""
        await self._look()
        task = asyncio.create_task(self._follow(live))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self, live: Live) -> None:
        with live.waking(store.TOPIC, [store.TOPIC], asyncio.Event()) as changed:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await changed.wait()
                changed.clear()
                await self._look()

    async def _look(self) -> None:
        try:
            await self.refresh()
        except RetryableError as error:
            _log.warning("The policies stay as they were: %s", error)
        except Exception:  # noqa: BLE001 - decisions go on by what is known, whatever is wrong
            _log.exception("The policies stay as they were")
