"""Asking the rate limiter what it would say, which charges nobody."""

import msgspec

from common.http import Request, Transport, TransportError
from common.limiting import Check, Limiter, LimiterUnavailableError, Verdict
from common.settings import Secret

PEEK = "/v1/limits:peek"
TIMEOUT = 1.0


class Peeking(Limiter):
    """The rate limiter, asked what it would say; `verdict` is what it has said last."""

    def __init__(self, transport: Transport, token: Secret) -> None:
        super().__init__(transport, token)
        self._peeked = transport
        self._by = (("authorization", f"Bearer {token.reveal()}"), ("content-type", "application/json"))
        self.verdict: Verdict | None = None

    async def decide(self, check: Check) -> Verdict:
        """The verdict on `check`, of which nothing is charged. Raises LimiterUnavailableError."""
        request = Request(PEEK, check.encoded, headers=self._by, idempotent=True)
        try:
            response = await self._peeked.send(request, timeout=TIMEOUT)
            if response.status != 200:
                raise LimiterUnavailableError(f"the rate limiter answered {response.status}")
            self.verdict = msgspec.json.decode(response.body, type=Verdict)
        except (TransportError, msgspec.MsgspecError) as error:
            raise LimiterUnavailableError(str(error)) from error
        return self.verdict
