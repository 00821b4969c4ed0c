"""Quotas: each region sells from its own without asking; when one is low, another sends it some of its.

A quota moves in two phases: it leaves its region with an event, and comes to the other with the event's inbox row. Whatever is lost,
late or told twice between the two, what is granted and what is on its way sum to the same.
"""

from collections.abc import Sequence

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import check_text
from subgraphs.inventory.domain.quotas import Quota, share
from subgraphs.inventory.domain.reservations import UnknownProduct
from subgraphs.inventory.domain.warehousing import check_pieces
from subgraphs.inventory.events import QuotaReceived, QuotaSent, QuotaWanted
from subgraphs.inventory.store import catalogue
from subgraphs.inventory.store import quotas as store

MAX_REGION = 16
LIMIT = 100
"""Quotas or reservations of one transaction."""


class Quotas:
    """The quotas that are kept here; `region` is the one that this process sells for, if any."""

    def __init__(self, database: Database, region: str | None = None) -> None:
        self._database = database
        self._region = region

    async def find_quotas(self, skus: Sequence[str]) -> list[Quota]:
        async with self._database.autocommit() as transaction:
            return await store.find_quotas(transaction, skus)

    async def put_quota(self, sku: str, region: str, granted: int) -> Quota | UnknownProduct:
        """Let a region sell so many pieces. Raises InvalidInputError, also when it has sold more already."""
        region, granted = check_text("region", region, MAX_REGION), check_pieces("granted", granted)
        async with self._database.transaction() as transaction:
            variant = (await catalogue.find_variants(transaction, [sku])).get(sku)
            if variant is None:
                return UnknownProduct(sku)
            if not await store.put_quota(transaction, variant.id, region, granted):
                raise InvalidInputError("granted", "is less than what is sold already")
            found = await store.find_quotas(transaction, [sku])
        return next(quota for quota in found if quota.region == region)

    async def look(self) -> None:
        """Give back what ended reservations used, and ask for what is low."""
        count = LIMIT
        while count == LIMIT:
            async with self._database.transaction() as transaction:
                count = await store.give_back(transaction, LIMIT)
                failpoint("stock.quota.before_giving_back")
        if self._region is not None:
            async with self._database.transaction() as transaction:
                for quota in await store.want(transaction, self._region, LIMIT):
                    wanted = max(1, quota.granted // 2)
                    event = QuotaWanted(sku=quota.sku, region=quota.region, quantity=wanted)
                    await transaction.publish(event)


async def on_quota_wanted(transaction: Transaction, event: QuotaWanted) -> None:
    """Send some of the richest quota that is kept here, if it has any to spare."""
    richest = await store.lock_richest(transaction, event.sku, event.region)
    if richest is None:
        return
    variant_id, source, left = richest
    quantity = share(left, event.quantity)
    if quantity > 0:
        sent = await store.send(transaction, variant_id, source, event.region, quantity)
        failpoint("stock.quota.before_sending")
        await transaction.publish(
            QuotaSent(transfer_id=sent, sku=event.sku, source=source, target=event.region, quantity=quantity)
        )


async def on_quota_sent(transaction: Transaction, event: QuotaSent) -> None:
    """Add what was sent, where the target's quotas are kept."""
    if await store.receive(transaction, event.sku, event.target, event.quantity):
        failpoint("stock.quota.before_receiving")
        await transaction.publish(QuotaReceived(transfer_id=event.transfer_id))


async def on_quota_received(transaction: Transaction, event: QuotaReceived) -> None:
    await store.settle(transaction, event.transfer_id)
