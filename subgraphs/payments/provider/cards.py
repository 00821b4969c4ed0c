"""Everything that speaks to the card provider, where one is named: the adapter and its reports, over one transport."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from litestar import Litestar

from common.http import Request, Response, Transport, open_transport
from subgraphs.payments.provider.report import ReportSource
from subgraphs.payments.provider.stripe import StripeProvider
from subgraphs.payments.settings import Settings


class LateTransport:
    """A transport that is opened when the app starts: only then is it known who shares the process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: Transport | None = None

    @asynccontextmanager
    async def opened(self, app: Litestar) -> AsyncIterator[None]:
        """Open until the end of the block."""
        self._opened = open_transport(self.url, apps=app.state.get("apps"))
        try:
            yield
        finally:
            await self.close()

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - part of the protocol
        assert self._opened is not None, "nothing is sent before the app has started"
        return await self._opened.send(request, timeout=timeout)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


@dataclass(frozen=True)
class Cards:
    """The card provider of these settings."""

    transport: LateTransport
    provider: StripeProvider
    reports: ReportSource

    @classmethod
    def of(cls, settings: Settings) -> "Cards | None":
        """None where no card provider is named."""
        url, secret = settings.card_url or settings.provider_url, settings.card_key
        if url is None or secret is None:
            return None
        transport = LateTransport(url)
        provider = StripeProvider(
            transport, secret, return_url=settings.card_return_url, timeout=settings.card_timeout
        )
        return cls(transport, provider, ReportSource(transport, secret))
