"""Sending webhooks: many at once, each bounded in time, to addresses that were looked at and nowhere else.

The name is resolved once, all its addresses must be public, and the connection goes to one of those: a name that is resolved
again could lead elsewhere by then. Redirects are not followed.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Final

from common.database import Database, RetryableError
from common.failpoints import failpoint
from common.http import Request, Response, TransportError, TransportLimits
from common.http.client import HTTPTransport, default_tls
from common.http.outward import PinnedOrigin
from subgraphs.payments.domain.webhooks import (
    DeliveryState,
    ForbiddenUrlError,
    Network,
    check_address,
    delay_after,
    parse_url,
    sign,
)
from subgraphs.payments.service.webhook_secrets import UnreadableSecretError, WebhookSecrets
from subgraphs.payments.store import webhooks as store
from subgraphs.payments.store.webhooks import Claimed

logger = logging.getLogger(__name__)

AT_ONCE: Final = 32
INTERVAL: Final = 0.5  # seconds between two looks at what is due
TIMEOUT: Final = 15.0  # seconds for one delivery; a claim holds longer
GONE: Final = 410
_LIMITS: Final = TransportLimits(
    max_connections=1, max_response_size=64 * 1024, connect_timeout=5.0, response_timeout=TIMEOUT
)


class WebhookSender:
    """Sends what is due; `allowed` are the networks that may be private."""

    def __init__(self, database: Database, secrets: WebhookSecrets, allowed: Sequence[Network] = ()) -> None:
        self._database = database
        self._secrets = secrets
        self._allowed = allowed
        self._under_way: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send until the end of the block; what is under way then is sent again later."""
        task = asyncio.create_task(self._run(), name="webhooks")
        try:
            yield
        finally:
            for each in (task, *self._under_way):
                each.cancel()
            await asyncio.gather(task, *self._under_way, return_exceptions=True)

    async def send_due(self) -> None:
        """Begin to send as many as there is room for."""
        room = AT_ONCE - len(self._under_way)
        if room == 0:
            return
        async with self._database.transaction() as transaction:
            claimed = await store.claim(transaction, room)
        failpoint("payments.webhook.after_claim")
        for delivery in claimed:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _run(self) -> None:
        while True:
            try:
                await self.send_due()
            except RetryableError:
                pass
            except Exception:
                logger.exception("webhooks cannot be sent and are tried again")
            await asyncio.sleep(INTERVAL)

    async def _deliver(self, delivery: Claimed) -> None:
        status, error = None, None
        try:
            async with asyncio.timeout(TIMEOUT):
                status = (await self._post(delivery)).status
        except (TransportError, ForbiddenUrlError, UnreadableSecretError, OSError, TimeoutError) as problem:
            error = str(problem) or type(problem).__name__
        failpoint("payments.webhook.after_send")
        with contextlib.suppress(RetryableError):  # the claim runs out, and it is sent again
            await self._settle(delivery, status, error)

    async def _settle(self, delivery: Claimed, status: int | None, error: str | None) -> None:
        is_taken = status is not None and 200 <= status < 300
        delay = None if is_taken or status == GONE else delay_after(delivery.attempt)
        state = DeliveryState.DEAD if delay is None else DeliveryState.PENDING
        if is_taken:
            state = DeliveryState.DELIVERED
        async with self._database.transaction() as transaction:
            await store.settle(transaction, delivery, state, delay=delay, status=status, error=error)
            if status == GONE:
                await store.enable(transaction, delivery.endpoint_id, is_enabled=False)
            failpoint("payments.webhook.before_commit")

    async def _post(self, delivery: Claimed) -> Response:
        timestamp = int(time.time())
        secrets = [self._secrets.open(delivery.endpoint_id, sealed) for sealed in delivery.secrets]
        headers = (
            ("content-type", "application/json"),
            ("user-agent", "Hansa-Webhooks/1"),
            ("webhook-id", delivery.message_id),
            ("webhook-timestamp", str(timestamp)),
            ("webhook-signature", sign(secrets, delivery.message_id, timestamp, delivery.body)),
        )
        transport = await self._open(delivery.url)
        try:
            return await transport.send(Request("", delivery.body, headers=headers))
        finally:
            await transport.close()

    async def _open(self, url: str) -> HTTPTransport:
        """A transport to an address that `url` leads to now. Raises ForbiddenUrlError, OSError."""
        parts = parse_url(url)
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=2)
        addresses = [str(place[4][0]).partition("%")[0] for place in found]
        for address in addresses:
            check_address(ip_address(address), self._allowed)
        tls = default_tls() if is_secure else None
        origin = PinnedOrigin(addresses[0], port, authority=parts.netloc, hostname=host, tls=tls)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return HTTPTransport(url, origin, path, _LIMITS)
