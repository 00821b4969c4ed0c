"""The micro-batcher: transfers of callers that each want their own result only, posted together.

One commit then serves all that came within two milliseconds or while the last batch was out, and an account that many of them
change is changed once. Who needs the transfer and something else in one transaction calls `create_transfers` there.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from common.batching import Batcher
from common.database import Database
from common.failpoints import failpoint
from common.ledger.transfers import Result, Transfer, create_transfers

DELAY: Final = 0.002  # seconds
SIZE: Final = 2_000
WAITING: Final = 20_000


class TransferBatcher:
    """Posts to the ledger in the schema of `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batcher = Batcher(self._post, size=SIZE, in_flight=1, waiting=WAITING, delay=DELAY)

    def submit(self, transfer: Transfer) -> asyncio.Future[Result]:
        """The result to come, after its commit; whatever the batch raised is raised for each of it.

        Raises:
            OverloadedError: too many transfers are waiting already.
        """
        return self._batcher.submit(transfer)

    async def close(self) -> None:
        """Wait until all have been posted."""
        await self._batcher.close()

    async def _post(self, batch: Sequence[Transfer]) -> list[Result]:
        async with self._database.transaction() as transaction:
            results = await create_transfers(transaction, batch)
            failpoint("ledger.batch.before_commit")
        failpoint("ledger.batch.after_commit")
        return results
