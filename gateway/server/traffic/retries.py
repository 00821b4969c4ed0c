"""Queries to a subgraph that are sent once more, within a budget."""

import asyncio
import random
from collections.abc import Callable

from common.http import ConnectError, NotSent, Request, Response, TimeoutError_, Transport, TransportError
from common.resilience import Budget
from gateway.server.traffic.around import Around

_ATTEMPTS = 3
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_PASSING_STATUSES = frozenset({502, 503, 504})
_PASSING_ERRORS = (ConnectError, TimeoutError_)


class RetryingTransport(Around):
    """Sends an idempotent request up to three times while it fails in a way that may pass.

    Such are: no connection, no response in time, and the statuses 502, 503 and 504. Between two attempts it waits, at random
    up to a twentieth, then a tenth of a second ("full jitter"), or as long as `Retry-After` says if that is no more than a
    second. What `timeout` leaves is what an attempt has. `retried` is called for every attempt but the first.
    """

    def __init__(self, inner: Transport, budget: Budget, retried: Callable[[], None]) -> None:
        super().__init__(inner)
        self._budget = budget
        self._retried = retried

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if not request.idempotent or request.stream is not None:
            return await self._inner.send(request, timeout=timeout)
        now = asyncio.get_running_loop().time
        deadline = None if timeout is None else now() + timeout
        self._budget.count()
        for attempt in range(1, _ATTEMPTS):
            remaining = None if deadline is None else deadline - now()
            try:
                outcome: Response | TransportError = await self._inner.send(request, timeout=remaining)
            except TransportError as error:
                outcome = error
            pause = _pause(outcome, attempt)
            if (
                pause is None
                or (deadline is not None and now() + pause >= deadline)
                or not self._budget.take()
            ):
                return _settle(outcome)
            self._retried()
            await asyncio.sleep(pause)
        return await self._inner.send(request, timeout=None if deadline is None else deadline - now())


def _settle(outcome: Response | TransportError) -> Response:
    if isinstance(outcome, TransportError):
        raise outcome
    return outcome


def _pause(outcome: Response | TransportError, attempt: int) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    jitter = random.uniform(0, longest)  # noqa: S311 - spreads load, no secret
    if isinstance(outcome, TransportError):
        may_pass = isinstance(outcome, _PASSING_ERRORS) and not isinstance(outcome, NotSent)
        return jitter if may_pass else None
    if outcome.status not in _PASSING_STATUSES:
        return None
    asked = outcome.header("retry-after")
    if asked is None:
        return jitter
    seconds = int(asked) if asked.isascii() and asked.isdigit() else _LONGEST_PAUSE + 1
    return seconds + jitter if seconds <= _LONGEST_PAUSE else None
