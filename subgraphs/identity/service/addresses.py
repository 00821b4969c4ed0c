"""One account an address over all regions: an address is claimed before an account has it, and taken with the account.

What is claimed and not taken is given up, at the latest by `settle`: a claim counts here only while its row says ASKED, and the
decider hears that it is free only after the row says RELEASED. So no crash leaves an address to two regions or to nobody.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.identity.domain.directory import Claim, ClaimState
from subgraphs.identity.errors import EmailTakenError
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.neighbours import RegionUnavailableError
from subgraphs.identity.store import addresses as store

logger = logging.getLogger("hansa.identity")

ASKED_FOR = timedelta(minutes=2)
"""How long somebody may take from the claim to the account."""
SETTLE_INTERVAL = 5.0  # seconds
ENROL_INTERVAL = 600.0
_AT_ONCE = 100


class Addresses:
    """The claims of this region; without a `directory` it is alone, and all addresses are its own."""

    def __init__(self, database: Database, directory: Directory | None) -> None:
        self._database = database
        self._directory = directory

    async def claim(self, email: str) -> Claim | None:
        """What `take` is to be called with, in the transaction that gives an account the address.

        Raises:
            EmailTakenError: an account of some region has it.
            RegionUnavailableError: that cannot be known now.
        """
        if self._directory is None:
            return None
        async with self._database.transaction() as transaction:
            claim = await store.ask(transaction, email)
        failpoint("identity.address.after_asking")
        if claim is None:
            raise EmailTakenError
        if not await self._directory.claim(claim):
            async with self._database.transaction() as transaction:
                await store.settle(transaction, claim, ClaimState.RELEASED)
            raise EmailTakenError
        failpoint("identity.address.after_claim")
        return claim

    async def take(self, transaction: Transaction, claim: Claim | None) -> None:
        """Makes the address the account's, if `transaction` commits.

        Raises:
            EmailTakenError: it was not claimed, or given up because that took too long.
        """
        if self._directory is None:
            return
        if claim is None or not await store.settle(transaction, claim, ClaimState.TAKEN):
            raise EmailTakenError
        failpoint("identity.address.after_take")

    async def give_up(self, transaction: Transaction, email: str) -> None:
        """Has the address free for all regions soon, if `transaction` commits."""
        if self._directory is not None:
            await store.give_up(transaction, email)

    async def settle(self) -> None:
        """Gives up what nobody has come back for, and tells the deciders what is free."""
        if self._directory is None:
            return
        async with self._database.transaction() as transaction:
            await store.give_up_forgotten(transaction, ASKED_FOR)
            released = await store.released(transaction, _AT_ONCE)
        for claim in released:
            await self._release(self._directory, claim)

    async def enrol(self) -> None:
        """Claims the addresses of accounts that are older than the directory, or that were loaded past it."""
        if self._directory is None:
            return
        while emails := await self._unclaimed():
            settled = [await self._enrol(self._directory, email) for email in emails]
            if not any(settled):
                return

    async def _unclaimed(self) -> Sequence[str]:
        async with self._database.transaction() as transaction:
            return await store.unclaimed(transaction, _AT_ONCE)

    async def _enrol(self, directory: Directory, email: str) -> bool:
        async with self._database.transaction() as transaction:
            claim = await store.ask(transaction, email)
        if claim is None:
            return False
        try:
            is_ours = await directory.claim(claim)
        except RegionUnavailableError:
            return False
        if not is_ours:
            logger.warning("An address that has an account here has one in another region, too")
        async with self._database.transaction() as transaction:
            state = ClaimState.TAKEN if is_ours else ClaimState.DISPUTED
            return await store.has_account(transaction, email) and await store.settle(
                transaction, claim, state
            )

    async def _release(self, directory: Directory, claim: Claim) -> None:
        try:
            await directory.release(claim)
        except RegionUnavailableError as error:
            logger.debug("An address is released later: %s", error)
            return
        failpoint("identity.address.after_release")
        async with self._database.transaction() as transaction:
            await store.forget(transaction, claim)
