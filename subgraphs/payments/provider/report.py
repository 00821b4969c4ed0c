"""The card provider's balance report, fetched over HTTP."""

from datetime import date
from typing import Final

from common.http import Request, Transport, TransportError
from common.settings import Secret
from subgraphs.payments.domain.reconciliation import ReportError, ReportLine, read_report

TIMEOUT: Final = 60.0  # seconds


class ReportSource:
    """The provider at `transport`, authenticated by `secret`."""

    def __init__(self, transport: Transport, secret: Secret) -> None:
        self._transport = transport
        self._secret = secret

    async def fetch(self, first: date, last: date) -> list[ReportLine]:
        """What the provider moved in these days, both included.

        Raises:
            ReportError: it cannot be had now, or is none.
        """
        path = f"/v1/reports/balance?first={first.isoformat()}&last={last.isoformat()}"
        headers = (("authorization", f"Bearer {self._secret.reveal()}"),)
        request = Request(path, method="GET", headers=headers, idempotent=True)
        try:
            response = await self._transport.send(request, timeout=TIMEOUT)
        except TransportError as error:
            raise ReportError(f"the provider does not answer: {error.reason}") from error
        if response.status != 200:
            raise ReportError(f"the provider answers {response.status}")
        return read_report(response.body.decode(errors="replace"))
