"""The directory of addresses: this region's part of it, and asking for that of the others.

One region alone decides about an address, in one row. So two that ask at once are answered one after the other, and a
region that cannot be reached keeps only its own part from being decided.
"""

from collections.abc import Sequence

from common.database import Database
from common.errors import DomainError
from common.failpoints import failpoint
from subgraphs.identity.domain.directory import (
    AboutAddress,
    Claim,
    ClaimAddress,
    DirectoryKey,
    FindHome,
    ReleaseAddress,
    Standing,
    decider,
)
from subgraphs.identity.service.neighbours import Neighbours
from subgraphs.identity.store import directory as store


class NotDecidedHereError(DomainError):
    """Regions disagree about who decides: their HANSA_DIRECTORY_REGIONS are not the same."""

    code = "NOT_DECIDED_HERE"
    status = 421

    def __init__(self, own: str) -> None:
        super().__init__(f"The region {own} does not decide about this address")


class Directory:
    """Of the `regions` that decide this one is called `own`; it need not be one of them."""

    def __init__(
        self, database: Database, key: DirectoryKey, neighbours: Neighbours, own: str, regions: Sequence[str]
    ) -> None:
        self._database = database
        self._key = key
        self.neighbours = neighbours
        self.own = own
        self._regions = regions

    async def claim(self, claim: Claim) -> bool:
        """Whether the address is this region's now. Raises as `home_of`."""
        asked = ClaimAddress(self._key.digest(claim.email), self.own, claim.number)
        return (await self._ask(asked)).home == self.own

    async def release(self, claim: Claim) -> None:
        """Has the address free, unless it was claimed anew. Raises as `home_of`."""
        await self._ask(ReleaseAddress(self._key.digest(claim.email), self.own, claim.number))

    async def home_of(self, email: str) -> str | None:
        """Where the account of an address is, or is about to be.

        Raises:
            RegionUnavailableError: the region that decides about the address cannot be reached.
        """
        return (await self._ask(FindHome(self._key.digest(email)))).home

    async def answer(self, question: AboutAddress) -> Standing:
        """Whose the address is after a question for this region. Raises NotDecidedHereError."""
        if decider(question.digest, self._regions) != self.own:
            raise NotDecidedHereError(self.own)
        async with self._database.transaction() as transaction:
            match question:
                case ClaimAddress():
                    await store.claim(transaction, question)
                case ReleaseAddress():
                    await store.release(transaction, question)
            standing = Standing(await store.home_of(transaction, question.digest))
            failpoint("identity.directory.before_commit")
        failpoint("identity.directory.before_answer")
        return standing

    async def _ask(self, question: AboutAddress) -> Standing:
        region = decider(question.digest, self._regions)
        if region == self.own:
            return await self.answer(question)
        return await self.neighbours.ask(region, question, Standing)
