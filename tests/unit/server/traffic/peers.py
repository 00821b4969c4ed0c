"""A transport whose answers a test scripts, and a clock that it turns."""

import asyncio
from collections.abc import Callable

from common.http import Request, Response, TransportError

QUERY = Request(body=b"{}", idempotent=True)
MUTATION = Request(body=b"{}")
OK = Response(200, (), b"{}")


class Peer:
    """Answers by `behave`, given the number of the request; keeps the `timeout` of each."""

    url = "http://peer"

    def __init__(self, behave: Callable[[int], Response | TransportError]) -> None:
        self._behave = behave
        self.timeouts: list[float | None] = []

    @property
    def requests(self) -> int:
        return len(self.timeouts)

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        del request
        self.timeouts.append(timeout)
        await asyncio.sleep(0)
        outcome = self._behave(self.requests)
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    async def close(self) -> None: ...


class Held:
    """Answers when `release` is called; counts those under way."""

    url = "http://held"

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self.under_way = self.most = self.requests = 0

    def release(self) -> None:
        self._released.set()

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        del request, timeout
        self.requests += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self._released.wait()
        finally:
            self.under_way -= 1
        return OK

    async def close(self) -> None: ...


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
