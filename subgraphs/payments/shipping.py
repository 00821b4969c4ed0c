"""The job that ships what was paid: the first thing after the pivot of a checkout, tried until it is done."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

from common.database import Database
from common.failpoints import failpoint
from common.jobs import Backoff, Jobs, Run, Unique
from common.settings import DatabaseUrl, ServiceSettings, load
from subgraphs.payments.events.shipping import OrderShipped


class ShippingSettings(ServiceSettings, frozen=True, kw_only=True):
    """What a worker reads to ship: it serves nobody, so that it knows no issuer."""

    service: ClassVar[str] = "payments"

    database_url: DatabaseUrl
    issuer: str = ""
    jwks_url: str = ""


@asynccontextmanager
async def opening(environment: Mapping[str, str]) -> AsyncIterator[Database]:
    """The database of payments, in which orders are marked as shipped."""
    settings = load(ShippingSettings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


jobs: Jobs[Database] = Jobs("shop", opening)


@jobs.job(max_attempts=20, timeout=30.0, backoff=Backoff(base=0.5, cap=60.0), unique=Unique.UNTIL_FINISHED)
async def ship_order(run: Run[Database], checkout_id: UUID) -> None:
    """Hand the goods to the carrier, once however often the job runs."""
    async with run.resources.transaction() as transaction:
        if await run.is_first(transaction):
            await transaction.publish(OrderShipped(checkout_id=checkout_id))
            failpoint("payments.ship.before_commit")
