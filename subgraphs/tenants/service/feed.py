"""Following the numbered changes: what has changed is known here soon after it has committed anywhere.

It is looked for twice a second, which is the guarantee, and when a nudge comes over NATS, which is sooner.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from common.database import Database, RetryableError
from common.live import Live
from subgraphs.tenants.store import feed

_log = logging.getLogger("hansa.tenants")

INTERVAL = 0.5  # seconds
BATCH = 1_000


class Feed:
    """The last change that is known here. Set `on_keys` to be told the hashes of keys that changed, None for "perhaps any"."""

    def __init__(self, database: Database, live: Live) -> None:
        self.on_keys: Callable[[Sequence[bytes] | None], None] = lambda _: None
        self._database = database
        self._live = live
        self._looking = asyncio.Lock()
        self._moved = asyncio.Condition()
        self._sequence: int | None = None
        self._confirmed_at = -float("inf")
        self._clock_offset = 0.0

    @property
    def age(self) -> float:
        """Seconds since which a change may have been missed."""
        return time.monotonic() - self._confirmed_at

    def now(self) -> float:
        """The database's clock, in seconds since 1970, as far as it was ever read."""
        return time.monotonic() + self._clock_offset

    async def look(self) -> int:
        """Take in what has changed; the number of the last change.

        Raises:
            RetryableError: the database cannot be asked.
        """
        async with self._looking:
            began = time.monotonic()
            while not await self._advance():
                pass
            self._confirmed_at = began
        assert self._sequence is not None
        return self._sequence

    async def wait(self, after: int, seconds: float) -> None:
        """Until there is a change after `after`, or for so many seconds; not for a number that never was.

        Raises:
            RetryableError: the database cannot be asked.
        """
        if (self._sequence or 0) < after and await self.look() < after:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self._sequence is not None and self._sequence > after)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow until the end of the block."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _advance(self) -> bool:
        """Take in one batch; whether it was the last."""
        asked = time.monotonic()
        async with self._database.transaction() as transaction:
            last, now = await feed.last_and_time(transaction)
            self._clock_offset = now - (asked + time.monotonic()) / 2
            if last == self._sequence:
                return True
            if self._sequence is None:
                changed = None
            else:
                changed = await feed.read(transaction, self._sequence, BATCH)
        if changed is None:
            self.on_keys(None)
        elif changed.keys:
            self.on_keys(changed.keys)
        self._sequence = last if changed is None else changed.sequence
        async with self._moved:
            self._moved.notify_all()
        return self._sequence == last

    async def _follow(self) -> None:
        is_reachable = True
        with self._live.waking(feed.TOPIC, [feed.TOPIC], asyncio.Event()) as woken:
            while True:
                woken.clear()
                is_reachable = await self._try(is_reachable=is_reachable)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await woken.wait()

    async def _try(self, *, is_reachable: bool) -> bool:
        """Look; whether the database could be asked, which is told once when it could before."""
        try:
            await self.look()
        except RetryableError as error:
            if is_reachable:
                _log.warning("Changes of keys and tenants are not heard of: %s", error)
            return False
        except Exception:  # noqa: BLE001 - whatever is wrong, it is looked again
            _log.exception("Changes of keys and tenants are not heard of")
        return True
