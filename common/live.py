"""Live values: what a subscription shows, read again whenever something changed.

Who changes something says so in its transaction (`Transaction.changed`). After the commit all processes of the service are
nudged over core NATS, once for all that changed in a few milliseconds. A nudge may be lost and carries no value; who watches reads
the value itself, and now and then unasked, so that a lost nudge costs time and nothing else.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from common.cancellation import heeding_cancellation
from common.database import Change, Database, RetryableError

logger = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds after which a value is read unasked
SETTLING = 0.2  # seconds between two readings of one value, however often it changes
GATHERING = 0.01  # seconds in which changes become one message
MAX_KEYS = 1000  # of one message; more than so many say "anything"

T = TypeVar("T")

_ANYTHING = Change("", "")


class Live:
    """The changes of one service's data; `running` while it serves."""

    def __init__(self, url: str, service: str) -> None:
        self._url = url
        self._subject = f"hansa.live.{service}"
        self._watching: defaultdict[Change, set[asyncio.Event]] = defaultdict(set)
        self._untold: set[Change] = set()
        self._told = asyncio.Event()
        self._client: Client | None = None

    def listen_to(self, database: Database) -> None:
        """Tell what transactions of `database` change."""
        database.on_change = self._tell

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hears and tells until the end of the block, and connects again for as long as NATS is away."""
        work = [asyncio.create_task(self._keep_connected()), asyncio.create_task(self._publish())]
        try:
            yield
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._disconnect()

    async def watch(
        self, topic: str, keys: Iterable[str], read: Callable[[], Awaitable[T]]
    ) -> AsyncGenerator[T, None]:
        """What `read` gives now, and again each time that it gives something else, after a change of one of `keys`.

        Raises:
            RetryableError: the first reading failed so; later ones are repeated.
        """
        clock = asyncio.get_running_loop()
        with self.waking(topic, keys, asyncio.Event()) as changed:
            before: object = msgspec.UNSET
            while True:
                changed.clear()
                looked = clock.time()
                try:
                    value = await read()
                except RetryableError:  # while there is nothing new to show the last value stands
                    if before is msgspec.UNSET:
                        raise
                else:
                    if value != before:
                        before = value
                        yield value
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await changed.wait()
                await asyncio.sleep(looked + SETTLING - clock.time())

    @contextlib.contextmanager
    def waking(self, topic: str, keys: Iterable[str], event: asyncio.Event) -> Iterator[asyncio.Event]:
        """`event`, which each change of one of `keys` sets until the end of the block."""
        watched = {_ANYTHING, *(Change(topic, key) for key in keys)}
        for change in watched:
            self._watching[change].add(event)
        try:
            yield event
        finally:
            for change in watched:
                self._watching[change].discard(event)
                if not self._watching[change]:
                    del self._watching[change]

    def _tell(self, changes: Iterable[Change]) -> None:
        """Wake those of this process at once and the others soon."""
        self._wake(changes)
        self._untold.update(changes)
        self._told.set()

    def _wake(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for event in self._watching.get(change, ()):
                event.set()

    async def _publish(self) -> None:
        while True:
            await self._told.wait()
            await asyncio.sleep(GATHERING)
            self._told.clear()
            changes, self._untold = self._untold, set()
            if len(changes) > MAX_KEYS:
                changes = {_ANYTHING}
            if self._client is not None and self._client.is_connected:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await self._client.publish(self._subject, msgspec.msgpack.encode(changes))

    async def _hear(self, message: Msg) -> None:
        with contextlib.suppress(msgspec.DecodeError):
            self._wake(msgspec.msgpack.decode(message.data, type=set[Change]))

    async def _keep_connected(self) -> None:
        while True:
            lost = asyncio.Event()
            try:
                await self._connect(lost)
                self._wake([_ANYTHING])  # what was missed while there was no connection
                await lost.wait()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                logger.debug("no nudges for %s: %s", self._subject, error)
            await self._disconnect()
            await asyncio.sleep(1)

    async def _connect(self, lost: asyncio.Event) -> None:
        async def lose() -> None:
            lost.set()

        self._client = Client()
        with heeding_cancellation():
            await self._client.connect(
                self._url.split(","),
                closed_cb=lose,
                allow_reconnect=False,
                connect_timeout=5,
                reconnect_time_wait=0.1,  # type: ignore[arg-type]  # a part of a second is as good
                max_reconnect_attempts=1,
                error_cb=_ignore,
            )
            await self._client.subscribe(self._subject, cb=self._hear)

    async def _disconnect(self) -> None:
        if self._client is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.close()
            self._client = None


async def _ignore(_: Exception) -> None:
    """Whatever it was, the connection is closed by it or goes on."""
