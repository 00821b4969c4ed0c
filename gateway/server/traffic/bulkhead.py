"""As many requests to a subgraph at the same time as it can take, so that a slow one does not hold everything."""

import asyncio

from common.http import Request, Response, TimeoutError_, Transport
from gateway.server.config.traffic import Bulkhead
from gateway.server.traffic.around import Around, Overloaded


class BulkheadTransport(Around):
    """At most `limit` requests are under way, and `queue` wait for their turn, in order and within their `timeout`.

    Any more raise Overloaded at once.
    """

    def __init__(self, inner: Transport, config: Bulkhead) -> None:
        super().__init__(inner)
        self._room = asyncio.Semaphore(config.limit)
        self._queue = config.queue
        self._waiting = 0

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if self._room.locked():
            timeout = await self._wait(timeout)
        else:
            await self._room.acquire()
        try:
            return await self._inner.send(request, timeout=timeout)
        finally:
            self._room.release()

    async def _wait(self, seconds: float | None) -> float | None:
        """Takes a place once there is one; gives the seconds that are left."""
        if self._waiting >= self._queue:
            raise Overloaded
        now = asyncio.get_running_loop().time
        began = now()
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._room.acquire()
        except TimeoutError as error:
            raise TimeoutError_("no turn in time") from error
        finally:
            self._waiting -= 1
        return None if seconds is None else began + seconds - now()
