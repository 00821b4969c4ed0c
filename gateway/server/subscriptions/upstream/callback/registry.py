"""The subscriptions whose subgraphs call back: what they have sent, and when they were last heard of.

How a message comes in is for `door` to say, how a subgraph is asked for `source`.
"""

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.execution.answer import HTTP_ERROR
from gateway.execution.errors import FetchError

_CAPACITY = 128
"""Events that wait until the subgraph has answered the request to subscribe; later ones are passed on at once."""


class Callback:
    """One subscription. A subgraph that was not heard of for `patience` seconds has failed; None for no such limit."""

    def __init__(self, id_: str, verifier: str, patience: float | None) -> None:
        self.id = id_
        self.verifier = verifier
        self.is_confirmed = False
        self._patience = patience
        self._events: deque[bytes] = deque()
        self.is_complete = False
        self._news = asyncio.Event()
        self.hear()

    def hear(self) -> None:
        """The subgraph is there."""
        self._heard = asyncio.get_running_loop().time()
        self._news.set()

    def confirm(self) -> None:
        """The subgraph has checked that it can call back."""
        self.is_confirmed = True
        self.hear()

    def offer(self, event: bytes) -> bool:
        """Whether there was room for it."""
        if len(self._events) >= _CAPACITY:
            return False
        self._events.append(event)
        self.hear()
        return True

    def complete(self, last: bytes | None = None) -> None:
        """There will be no other event, but for the last one."""
        if last is not None:
            self._events.append(last)
        self.is_complete = True
        self.hear()

    async def next(self) -> bytes | None:
        """The next event; None at the end. Raises FetchError where the subgraph is silent for too long."""
        while not self._events:
            if self.is_complete:
                return None
            await self._wait()
        return self._events.popleft()

    async def _wait(self) -> None:
        self._news.clear()
        if self._patience is None:
            await self._news.wait()
            return
        until = self._heard + self._patience
        if asyncio.get_running_loop().time() >= until:
            raise FetchError(HTTP_ERROR, "the subgraph has sent no heartbeat in time")
        try:
            async with asyncio.timeout_at(until):
                await self._news.wait()
        except TimeoutError:
            return  # it may have been heard of in the same moment: the next look decides


class Callbacks:
    """All that are open, by their ids. With several workers, `worker` is the one whose ids these are."""

    def __init__(self) -> None:
        self.worker: int | None = None
        self._key = secrets.token_bytes(32)
        self._open: dict[str, Callback] = {}

    @contextmanager
    def open(self, patience: float | None) -> Iterator[Callback]:
        """A new one, which is known until the end."""
        id_ = str(uuid.uuid4()) if self.worker is None else f"{self.worker}-{uuid.uuid4()}"
        callback = self._open[id_] = Callback(id_, self.verifier(id_), patience)
        try:
            yield callback
        finally:
            del self._open[id_]

    def get(self, id_: str) -> Callback | None:
        """The one that is open and not complete."""
        callback = self._open.get(id_)
        return None if callback is None or callback.is_complete else callback

    def verifier(self, id_: str) -> str:
        """What only who was asked for the subscription `id_` knows; also of one that is over."""
        return hmac.new(self._key, id_.encode(), hashlib.sha256).hexdigest()

    def is_verified(self, id_: str, verifier: str) -> bool:
        """Takes as long for any wrong verifier."""
        return hmac.compare_digest(self.verifier(id_).encode(), verifier.encode())


def worker_of(id_: str) -> int | None:
    """The number of the worker that has made the id; None for what no worker made."""
    number = id_.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 3 else None
