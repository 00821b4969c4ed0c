"""One request to an upstream and its answer, which may take more than one attempt to begin.

Only what may be sent twice is: a request by an idempotent method (RFC 9110, section 9.2.2) whose body is all here, while
nothing was sent to the client; and one that no connection was there for, which has gone nowhere. Retries of an
upstream stay within its budget.
"""

import asyncio
from typing import NamedTuple

from common.http import TimeoutError_, TransportError
from common.http.errors import ConnectionLost
from subgraphs.tenants.dataplane.body import ClientFault, RequestBody
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.serving import ServedRoute
from subgraphs.tenants.dataplane.upstream import Connection, Head, NoTarget, Target

_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_PASSING = frozenset((502, 503, 504))
"""What a server says that cannot do its work now: another one may."""
_WATCH_AFTER = 0.05
"""Seconds after which it is watched whether the client is still there: most answers are there before."""


class Answer(NamedTuple):
    """The head of what a target has answered; the body is read from `connection`, which is the exchange's."""

    head: Head
    connection: Connection


class Exchange:
    """`start` once, then read the answer, then `end`, whatever has happened. `attempts` are those that were made."""

    def __init__(self, route: ServedRoute, method: str, body: RequestBody) -> None:
        self._route = route
        self._method = method
        self._body = body
        self._tried: list[Target] = []
        self._target: Target | None = None
        self._connection: Connection | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def attempts(self) -> int:
        return len(self._tried)

    @property
    def target(self) -> str:
        """Who was asked last."""
        return self._tried[-1].config.url if self._tried else ""

    async def start(self, request_line: bytes, lines: bytes, host: bytes | None) -> Answer:
        """Send the request until a target answers. `host` is the client's, where the upstream wants to see that.

        Raises Refusal, ClientFault.
        """
        await self._body.begin()
        self._route.upstream.budget.count()
        while True:
            target = self._choose()
            try:
                head = await self._attempt(target, request_line, lines, host)
            except (ClientFault, asyncio.CancelledError):
                target.breaker.give_up()
                raise
            except TransportError as error:
                target.breaker.fail()
                if not self._may_retry(is_sent=self._connection is not None):
                    raise _failure(error) from error
            else:
                assert self._connection is not None
                if head.status not in _PASSING:
                    target.breaker.succeed()
                    return Answer(head, self._connection)
                target.breaker.fail()
                if not self._may_retry(is_sent=True):
                    return Answer(head, self._connection)
            self._release(is_whole=False)

    def end(self, *, is_whole: bool) -> None:
        """Nothing more is read; `is_whole` says that the answer was."""
        self._release(is_whole=is_whole)

    def _choose(self) -> Target:
        try:
            target = self._route.upstream.choose(self._tried)
        except NoTarget:
            raise Refusal(
                503, Rule.UPSTREAM, "No server of the upstream is up", ((b"retry-after", b"1"),)
            ) from None
        self._tried.append(target)
        return target

    async def _attempt(self, target: Target, request_line: bytes, lines: bytes, host: bytes | None) -> Head:
        body, timeouts = self._body, self._route.upstream.config.timeouts
        head = b"%bhost: %b\r\n%b%b\r\n%b" % (
            request_line,
            host or target.authority,
            lines,
            body.framing(self._method),
            body.first(),
        )
        while True:
            connection, is_kept = await self._connect(target)
            try:
                connection.start(head, is_bodiless=self._method == "HEAD")
                self._look_after_client(connection)
                return await connection.head(timeouts.response)
            except ConnectionLost:
                # an idle connection was closed by the target meanwhile: that says nothing of the target
                if not is_kept or self._method not in _IDEMPOTENT or not body.is_repeatable:
                    raise
                self._release(is_whole=False)

    async def _connect(self, target: Target) -> tuple[Connection, bool]:
        connection, is_kept = await target.connect()
        self._target, self._connection = target, connection
        return connection, is_kept

    def _look_after_client(self, connection: Connection) -> None:
        if self._body.is_whole:
            connection.watch.set(_WATCH_AFTER, self._start_pump)
        else:
            self._start_pump()

    def _start_pump(self) -> None:
        if self._connection is not None:
            self._pump = asyncio.create_task(self._body.pump(self._connection))

    def _may_retry(self, *, is_sent: bool) -> bool:
        if is_sent and (self._method not in _IDEMPOTENT or not self._body.is_repeatable):
            return False
        return self.attempts < self._route.upstream.config.attempts and self._route.upstream.budget.take()

    def _release(self, *, is_whole: bool) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._connection is not None and self._target is not None:
            self._connection.watch.clear()
            self._connection.end(is_whole=is_whole and self._body.is_whole)
            self._target.release(self._connection)
        self._pump = self._connection = self._target = None


def _failure(error: TransportError) -> Refusal:
    if isinstance(error, TimeoutError_):
        return Refusal(504, Rule.UPSTREAM, "The upstream did not answer in time", reason=error.code)
    return Refusal(502, Rule.UPSTREAM, "The upstream cannot be reached or answers nothing", reason=error.code)
