"""The rate limiter's client: checks of one tick are one request, a denial is remembered, and a limiter that is down costs no time.

Nothing is decided here. Who asks says what is done without an answer: `LimiterUnavailableError` is not a denial.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from common.batching import Batcher
from common.errors import OverloadedError
from common.http import Request, Transport, TransportError
from common.limiting.check import Check
from common.limiting.verdict import Verdict
from common.resilience import Breaker
from common.settings import Secret

TIMEOUT = 0.25
"""Seconds that an answer may take: the limiter decides without Valkey after 0.02."""
LONGEST_MEMORY = 1.0
"""Seconds that a denial is remembered at most: so long may tokens that are given back elsewhere stay unknown here."""
_MEMORY = 10_000
_CHECKS = 100
"""What the limiter takes in one request."""


class LimiterUnavailableError(Exception):
    """There is no verdict: the limiter did not answer in time, or is not asked since it lately did not."""


class _Verdicts(msgspec.Struct, frozen=True):
    verdicts: tuple[Verdict, ...]


_decode = msgspec.json.Decoder(_Verdicts).decode


class Limiter:
    """Asks at `transport`, the limiter's origin, by its `token`."""

    def __init__(
        self,
        transport: Transport,
        token: Secret,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._headers = (
            ("authorization", f"Bearer {token.reveal()}"),
            ("content-type", "application/json"),
        )
        self._timeout = timeout
        self._clock = clock
        self._breaker = Breaker(clock)
        self._batcher = Batcher(self._ask, size=_CHECKS)
        self._denied: dict[bytes, tuple[float, float, Verdict]] = {}

    async def decide(self, check: Check) -> Verdict:
        """The verdict on `check`, which is charged where it is allowed.

        Raises:
            LimiterUnavailableError: none came; whether it was charged is unknown.
        """
        remembered = self._denied.get(check.encoded)
        if remembered is not None:
            forget_at, admitted_at, verdict = remembered
            now = self._clock()
            if now < forget_at:
                return replace(verdict, retry_after=admitted_at - now)
            del self._denied[check.encoded]
        try:
            verdict = await self._batcher.submit(check)
        except OverloadedError as error:
            raise LimiterUnavailableError(str(error)) from error
        if verdict.retry_after is not None and not verdict.allowed:
            self._remember(check, verdict.retry_after, verdict)
        return verdict

    async def close(self) -> None:
        """Wait for the answers that are due."""
        await self._batcher.close()
        await self._transport.close()

    def _remember(self, check: Check, seconds: float, verdict: Verdict) -> None:
        if len(self._denied) >= _MEMORY:
            self._denied.clear()
        now = self._clock()
        self._denied[check.encoded] = (now + min(seconds, LONGEST_MEMORY), now + seconds, verdict)

    async def _ask(self, checks: Sequence[Check]) -> Sequence[Verdict]:
        if not self._breaker.admits():
            raise LimiterUnavailableError(
                "the rate limiter is not asked for a moment, since it did not answer"
            )
        try:
            verdicts = await self._send(checks)
        except (TransportError, msgspec.MsgspecError, LimiterUnavailableError) as error:
            self._breaker.fail()
            raise LimiterUnavailableError(str(error)) from error
        except BaseException:
            self._breaker.give_up()
            raise
        self._breaker.succeed()
        return verdicts

    async def _send(self, checks: Sequence[Check]) -> Sequence[Verdict]:
        body = b'{"checks":[%b]}' % b",".join([check.encoded for check in checks])
        request = Request("/v1/limits:checkMany", body, headers=self._headers)
        response = await self._transport.send(request, timeout=self._timeout)
        if response.status != 200:
            raise LimiterUnavailableError(f"the rate limiter answered {response.status}")
        verdicts = _decode(response.body).verdicts
        if len(verdicts) != len(checks):
            raise LimiterUnavailableError(f"{len(verdicts)} verdicts on {len(checks)} checks")
        return verdicts
