"""What the provider does unasked: it sends webhooks, signed in Stripe's scheme, until each was taken.

They go out side by side, so that they arrive in any order, and again when no answer came: merchants must live with both.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.database import Database, RetryableError
from common.failpoints import failpoint
from common.http import Request, Transport, TransportError
from common.settings import Secret
from subgraphs.provider import store
from subgraphs.provider.store import Webhook

PATH = "/webhooks/card"
INTERVAL = 0.2  # seconds
BATCH = 20
TIMEOUT = 10.0  # seconds

logger = logging.getLogger(__name__)


class WebhookSender:
    """Sends to the merchant behind `transport`."""

    def __init__(self, database: Database, transport: Transport, secret: Secret) -> None:
        self._database = database
        self._transport = transport
        self._secret = secret

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                sent = await self.send_due()
            except RetryableError:
                sent = 0
            except Exception:
                logger.exception("webhooks cannot be sent and are tried again")
                sent = 0
            if sent < BATCH:
                await asyncio.sleep(INTERVAL)

    async def send_due(self) -> int:
        """Send some that are due; how many."""
        async with self._database.transaction() as transaction:
            due = await store.claim_webhooks(transaction, BATCH)
        failpoint("provider.webhook.after_claim")
        await asyncio.gather(*map(self._send, due))
        return len(due)

    async def _send(self, webhook: Webhook) -> None:
        is_taken = False
        for _ in range(webhook.copies):
            is_taken = await self._post(webhook.body.encode())
        failpoint("provider.webhook.after_send")
        async with self._database.transaction() as transaction:
            keep = store.webhook_delivered if is_taken else store.webhook_refused
            await keep(transaction, webhook.id)

    async def _post(self, body: bytes) -> bool:
        headers = (
            ("content-type", "application/json"),
            ("stripe-signature", signature(body, self._secret, int(time.time()))),
        )
        try:
            response = await self._transport.send(Request(PATH, body, headers=headers), timeout=TIMEOUT)
        except TransportError:
            return False
        return 200 <= response.status < 300


def signature(body: bytes, secret: Secret, timestamp: int) -> str:
    """The header `Stripe-Signature`: HMAC-SHA256 of the time and the body."""
    signed = b"%d.%b" % (timestamp, body)
    digest = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


@asynccontextmanager
async def sending(sender: WebhookSender) -> AsyncIterator[None]:
    """Send webhooks until the end of the block."""
    task = asyncio.create_task(sender.run(), name="webhooks")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
