"""Leading: work that one process of a service does at a time, again and again, under a lease."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.database import Database, RetryableError
from common.leases import Lease, LeaseLostError, Leases

logger = logging.getLogger(__name__)

Turn = Callable[[Lease], Awaitable[object]]


class Leadership:
    """The lease `name` of a service, taken whenever it is free; what a turn commits it guards by `common.leases.fence`.

    `failures` are waited out: they are told once, not each time.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        ttl: timedelta,
        retry_interval: float = 1.0,
        failures: tuple[type[Exception], ...] = (RetryableError,),
    ) -> None:
        self._leases = Leases(database)
        self._name = name
        self._ttl = ttl
        self._retry_interval = retry_interval
        self._failures = failures
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._title = f"{name} of {database.schema}"

    async def run(self, turn: Turn) -> None:
        """Await `turn` one time after the other while the lease is held, until cancelled.

        A turn may wait for work, but for less than the lease's `ttl`, which is renewed between turns.
        """
        is_well = True
        with suppress_instrumentation():  # its polling is no part of any trace
            while True:
                try:
                    await self._lead_once(turn)
                    is_well = True
                except self._failures as error:
                    if is_well:
                        logger.warning("%s waits: %s", self._title, error)
                    is_well = False
                except Exception:
                    logger.exception("%s cannot go on and tries again", self._title)
                await asyncio.sleep(self._retry_interval)

    async def _lead_once(self, turn: Turn) -> None:
        """Lead for as long as the lease is ours; nothing while it is another's."""
        lease = await self._leases.acquire(self._name, self._holder, self._ttl)
        if lease is None:
            return
        try:
            await self._lead(lease, turn)
        except LeaseLostError:
            logger.warning("%s is another process's now", self._title)
        finally:
            with contextlib.suppress(RetryableError):
                await self._leases.release(lease)

    async def _lead(self, lease: Lease, turn: Turn) -> None:
        clock = asyncio.get_running_loop()
        renewed = clock.time()
        while True:
            if clock.time() - renewed > self._ttl.total_seconds() / 3:
                renewed = clock.time()
                await self._leases.renew(lease)
            await turn(lease)
