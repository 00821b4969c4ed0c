"""What ends the work for one client's request early: its time is over, or the client has gone.

Both are rare. All that they cost any other request is one timer: nothing looks for the client before the first
tenth of a second has passed.
"""

import asyncio
from types import TracebackType
from typing import Self

from gateway.server.asgi import Receive
from gateway.server.errors import RequestError, error_body
from gateway.server.http.body import ClientDisconnected

_PATIENCE = 0.1
"""Seconds between two looks."""


class Interruption:
    """A context whose body is cancelled after `seconds`, which raises RequestError (504).

    `deadline` is when, as the loop's time.

    Once `watch` is called it is the client that counts and no longer the deadline; once `hold_off` is, neither does.
    A cancellation from elsewhere stays one.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.deadline = self._loop.time() + seconds
        self._receive: Receive | None = None
        self._watch: asyncio.Task[None] | None = None
        self._reason: Exception | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        assert task is not None
        self._task = task
        self._cancellations = task.cancelling()
        self._set_timer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None  # it holds this object
        if self._reason is None or self._task.uncancel() > self._cancellations:
            return
        if kind is asyncio.CancelledError:
            raise self._reason from None

    def watch(self, receive: Receive) -> None:
        """The request's body has been read, so that `receive` has only the client's going away left to tell.

        That raises ClientDisconnected.
        """
        self._receive = receive

    def hold_off(self) -> None:
        """What has begun is finished."""
        self._timer.cancel()

    def _set_timer(self) -> None:
        self._timer = self._loop.call_at(min(self.deadline, self._loop.time() + _PATIENCE), self._look)

    def _look(self) -> None:
        if self._receive is not None:
            self._watch = self._loop.create_task(self._wait_for_end(self._receive))
        elif self._loop.time() < self.deadline:
            self._set_timer()
        else:
            error = error_body("The request took too long", "GATEWAY_TIMEOUT")
            self._interrupt(RequestError(504, [error]))

    async def _wait_for_end(self, receive: Receive) -> None:
        message = await receive()
        if message["type"] == "http.disconnect":
            self._interrupt(ClientDisconnected())

    def _interrupt(self, reason: Exception) -> None:
        self._reason = reason
        self._task.cancel()
