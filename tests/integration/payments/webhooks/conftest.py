"""A merchant's server that takes webhooks, and the sender of the test's own payments."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from common.database import Database
from subgraphs.payments.service.webhook_sender import WebhookSender
from subgraphs.payments.service.webhooks import Webhooks
from tests.integration.payments.conftest import SECRETS

ALLOWED = [ip_network("127.0.0.0/8")]


@dataclass
class Merchant:
    """What was sent to it, in order; `answers` are the statuses that it gives next, and 204 after them."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    taken: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = dict(
            line.lower().split(": ", 1) if "signature" not in line else line.split(": ", 1) for line in head
        )
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((headers, body))
        status = self.answers.pop(0) if self.answers else 204
        location = b"location: http://127.0.0.1:9/\r\n" if status == 302 else b""
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n%b\r\n" % (status, location))
        await writer.drain()
        writer.close()


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    merchant = Merchant()
    server = await asyncio.start_server(merchant.take, "127.0.0.1", 0)
    merchant.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    yield merchant
    server.close()
    await server.wait_closed()


@pytest.fixture
def webhooks(database: Database) -> Webhooks:
    return Webhooks(database, SECRETS, ALLOWED)


@pytest.fixture
def send(database: Database) -> Callable[[], Any]:
    """Makes all pending deliveries due and sends what is due, to the end."""
    sender = WebhookSender(database, SECRETS, ALLOWED)

    async def send() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE webhook_delivery SET next_at = now() WHERE state = 'PENDING'")
        await sender.send_due()
        async with asyncio.timeout(20):
            await asyncio.gather(*sender._under_way)

    return send
