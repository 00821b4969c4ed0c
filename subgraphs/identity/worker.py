"""What identity does unasked: it sends the letters and notices that were posted, and forgets what was kept long enough."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from common.app.lifespan import Lifespan
from common.database import Database, RetryableError
from common.sealing import Sealer
from subgraphs.identity.mail import Mailer
from subgraphs.identity.service.addresses import ENROL_INTERVAL, SETTLE_INTERVAL, Addresses
from subgraphs.identity.service.expiry import Expiry
from subgraphs.identity.service.logout_notices import LogoutNotices
from subgraphs.identity.service.mail import Postman
from subgraphs.identity.services import Services

logger = logging.getLogger("hansa.identity")

SEND_INTERVAL = 1.0  # seconds
EXPIRY_INTERVAL = 600.0
FORGET_INTERVAL = 3_600.0

Work = Callable[[], Awaitable[object]]


def sending(database: Database, sealer: Sealer, mailer: Mailer | None, sender: str) -> list[Lifespan]:
    """Sends letters; without a mailer they wait in the database until nobody wants them any more."""
    if mailer is None:
        logger.warning("HANSA_MAIL_URL is not set: no letters are sent")
        return []
    postman = Postman(database, sealer, mailer, sender)
    return [lambda _: repeating(postman.deliver, SEND_INTERVAL)]


@asynccontextmanager
async def telling(notices: LogoutNotices) -> AsyncIterator[None]:
    """Tells clients of the sessions that have ended."""
    async with repeating(notices.deliver, SEND_INTERVAL):
        yield


@asynccontextmanager
async def forgetting(database: Database, services: Services) -> AsyncIterator[None]:
    """Forgets what is over, and what was kept long enough."""
    async with (
        repeating(Expiry(database).prune, EXPIRY_INTERVAL),
        repeating(services.audit.prune, FORGET_INTERVAL),
        repeating(services.emails.prune, FORGET_INTERVAL),
    ):
        yield


@asynccontextmanager
async def claiming(addresses: Addresses) -> AsyncIterator[None]:
    """Brings the claims to addresses to their end."""
    async with repeating(addresses.settle, SETTLE_INTERVAL), repeating(addresses.enrol, ENROL_INTERVAL):
        yield


@asynccontextmanager
async def repeating(work: Work, every: float) -> AsyncIterator[None]:
    """Does `work` now and again `every` so many seconds until the end of the block. A failure ends one turn."""
    task = asyncio.create_task(_repeat(work, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _repeat(work: Work, every: float) -> None:
    while True:
        try:
            await work()
        except RetryableError as error:
            logger.warning("The database refuses; the next turn is in %s s: %s", every, error)
        except Exception:
            logger.exception("Work failed; the next turn is in %s s", every)
        await asyncio.sleep(every)
