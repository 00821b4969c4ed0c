"""Identical queries to a subgraph that are under way at the same time are sent once."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from common.http import Request, Response, TimeoutError_, Transport

Key: TypeAlias = tuple[str, str, bytes, tuple[tuple[str, str], ...]]

_DIFFERENT_BY_NATURE = frozenset({"traceparent", "tracestate"})


class SharingTransport:
    """A transport that answers equal idempotent requests by one response.

    Requests are equal where method, path, body and all headers but the trace's are: who asks for somebody else gets
    that one's answer only, since `authorization` differs. Each caller keeps its own `timeout` and may be cancelled; the
    request itself ends with the last of them, and its failure is everybody's. It is sent with no timeout but the inner
    transport's own. `shared` is called for every request that was not sent.
    """

    def __init__(self, inner: Transport, shared: Callable[[], None]) -> None:
        self._inner = inner
        self._shared = shared
        self._under_way: dict[Key, _Exchange] = {}

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if not request.idempotent:
            return await self._inner.send(request, timeout=timeout)
        key = _key(request)
        exchange = self._under_way.get(key)
        if exchange is None:
            exchange = self._under_way[key] = _Exchange(self._inner, request)
            exchange.task.add_done_callback(lambda _: self._forget(key, exchange))
        else:
            self._shared()
        try:
            return await exchange.wait(timeout)
        finally:
            if exchange.abandoned:  # whoever comes now must not join what is being cancelled
                self._forget(key, exchange)

    async def close(self) -> None:
        await self._inner.close()

    def _forget(self, key: Key, exchange: "_Exchange") -> None:
        if self._under_way.get(key) is exchange:
            del self._under_way[key]


class _Exchange:
    """One request that was sent, and those who wait for its response."""

    def __init__(self, inner: Transport, request: Request) -> None:
        self.task = asyncio.get_running_loop().create_task(inner.send(request))
        self.task.add_done_callback(self._tell)
        self._waiting: set[asyncio.Future[Response]] = set()

    @property
    def abandoned(self) -> bool:
        return not self._waiting

    async def wait(self, seconds: float | None) -> Response:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Response] = loop.create_future()
        self._waiting.add(waiter)
        timer = None if seconds is None else loop.call_later(seconds, _expire, waiter)
        try:
            return await waiter
        finally:
            if timer is not None:
                timer.cancel()
            self._waiting.discard(waiter)
            if not self._waiting:
                self.task.cancel()

    def _tell(self, task: asyncio.Task[Response]) -> None:
        for waiter in [waiter for waiter in self._waiting if not waiter.done()]:
            if task.cancelled():
                waiter.cancel()
            elif (error := task.exception()) is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(task.result())
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits any more


def _expire(waiter: asyncio.Future[Response]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError_("no response in time"))


def _key(request: Request) -> Key:
    headers = tuple([header for header in request.headers if header[0] not in _DIFFERENT_BY_NATURE])
    return request.method, request.path, request.body, headers
