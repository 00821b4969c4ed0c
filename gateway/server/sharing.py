"""Identical queries to a subgraph that are under way at the same time are sent once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec.structs import replace

from common.http import Request, Response, TimeoutError_, Transport

K = TypeVar("K", bound=Hashable)
_Key: TypeAlias = tuple[str, str, bytes, tuple[tuple[str, str], ...]]

_DIFFERENT_BY_NATURE = frozenset({"traceparent", "tracestate"})


class SharingTransport:
    """A transport that answers equal idempotent requests by one response.

    Requests are equal where method, path, body and all headers but the trace's are: who asks for somebody else gets
    that one's answer only, since `authorization` differs. Each caller keeps its own `timeout`; the request is sent with
    none but the inner transport's own. `shared` is called for every request that was not sent.
    """

    def __init__(self, inner: Transport, shared: Callable[[], None]) -> None:
        self._inner = inner
        self._under_way = UnderWay[_Key](shared)

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if not request.idempotent:
            return await self._inner.send(request, timeout=timeout)
        return await self._under_way.join(_key(request), partial(self._inner.send, request), timeout)

    async def close(self) -> None:
        await self._inner.close()


class UnderWay(Generic[K]):
    """What is being fetched, by a key. Who wants the same waits for it, too; `shared` is called for each of these.

    A caller may be cancelled; the work ends with the last of them, and its failure is everybody's. Cookies are for the first
    alone: a session that one client is given is not another's.
    """

    def __init__(self, shared: Callable[[], None]) -> None:
        self._shared = shared
        self._exchanges: dict[K, _Exchange] = {}

    async def join(
        self, key: K, start: Callable[[], Coroutine[Any, Any, Response]], seconds: float | None = None
    ) -> Response:
        """What comes of the work under `key`, which `start` gives unless it is under way; TimeoutError_ after `seconds`."""
        exchange = self._exchanges.get(key)
        joins = exchange is not None
        if exchange is None:
            exchange = self._exchanges[key] = _Exchange(start())
            exchange.task.add_done_callback(lambda _: self._forget(key, exchange))
        else:
            self._shared()
        try:
            response = await exchange.wait(seconds)
            return _without_cookies(response) if joins else response
        finally:
            if exchange.abandoned:  # whoever comes now must not join what is being cancelled
                self._forget(key, exchange)

    def _forget(self, key: K, exchange: "_Exchange") -> None:
        if self._exchanges.get(key) is exchange:
            del self._exchanges[key]


def _without_cookies(response: Response) -> Response:
    kept = tuple([header for header in response.headers if header[0] != "set-cookie"])
    return response if len(kept) == len(response.headers) else replace(response, headers=kept)


class _Exchange:
    """One request that was sent, and those who wait for its response."""

    def __init__(self, work: Coroutine[Any, Any, Response]) -> None:
        self.task = asyncio.get_running_loop().create_task(work)
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


def _key(request: Request) -> _Key:
    headers = tuple([header for header in request.headers if header[0] not in _DIFFERENT_BY_NATURE])
    return request.method, request.path, request.body, headers
