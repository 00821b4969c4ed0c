"""What admins do to the keys of this region and of others, and what they see of the regions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from msgspec import Struct

from common.auth.revocation import Kind
from common.database import Database
from common.errors import DomainError
from common.failpoints import failpoint
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.keys import AboutKey, Algorithm, PublishedKey, RotateKey, WithdrawKey
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.store import audit
from subgraphs.identity.store import revocations as store

WITHDRAWN_FOR = timedelta(days=30)  # a verifier that cannot reach its issuer keeps the keys that it has


T = TypeVar("T")


class Region(Struct, frozen=True):
    """A region as this one knows it: for how many seconds it has not heard of it, and which key signs there.

    None before it has heard of it for the first time.
    """

    name: str
    is_own: bool
    lag: float | None
    active_kid: str | None

    @property
    def lag_ms(self) -> float | None:
        return None if self.lag is None else round(self.lag * 1000, 3)


class UnknownRegionError(DomainError):
    """No region of that name takes requests of this one."""

    code = "REGION_NOT_FOUND"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no region {name!r} that this one may ask", region=name)


class WrongRegionError(Exception):
    """HANSA_REGION is not the region that the database belongs to."""

    def __init__(self, name: str, known_as: str) -> None:
        super().__init__(f"HANSA_REGION is {name}, and the database is that of the region {known_as}")


class Regions:
    """Steers the keys of regions, by admins, and leaves what was done in the audit log.

    A key is changed in its own region, which others ask for it and which is not told who their admins are.
    """

    def __init__(self, database: Database, keys: SigningKeys, homes: Homes) -> None:
        self._database = database
        self._keys = keys
        self._homes = homes

    async def begin(self, name: str) -> None:
        """Calls this region `name`. Raises WrongRegionError where its database belongs to another."""
        async with self._database.transaction() as transaction:
            known_as = await store.name_own_region(transaction, name)
        if known_as != name:
            raise WrongRegionError(name, known_as)

    async def all(self) -> list[Region]:
        """This region first; last those that it has never heard of."""
        async with self._database.transaction() as transaction:
            feeds = await store.feeds(transaction)
        kid, _ = await self._keys.signer()
        heard = [
            Region(feed.region, feed.is_own, feed.lag, kid if feed.is_own else feed.active_kid)
            for feed in feeds
        ]
        unheard = self._homes.transports.keys() - {region.name for region in heard}
        return heard + [Region(name, is_own=False, lag=None, active_kid=None) for name in sorted(unheard)]

    async def rotate_key(
        self, algorithm: Algorithm, origin: Origin, region: str | None = None
    ) -> list[PublishedKey]:
        """Publishes a successor, which signs after the policy's lead; all keys of the region then, of this one unless it is named.

        Raises:
            UnknownRegionError
            RegionUnavailableError
        """
        own = await self._own()
        if region in (None, own):
            return await self._rotate(algorithm, origin, {})
        assert region is not None
        keys = await self._ask(region, RotateKey(algorithm, own), list[PublishedKey])
        await self._record(EventKind.KEY_ROTATED, origin, {"region": region})
        return keys

    async def withdraw_key(self, kid: str, origin: Origin) -> bool:
        """Makes a key of whatever region gone at once, with everything that it has signed; whether there was one.

        If it signed, its successor does from now on. Raises RegionUnavailableError.
        """
        own, region = await self._own(), kid.rpartition(":")[0]
        if region not in self._homes.transports:
            return await self._withdraw(kid, origin, {})
        was_there = await self._ask(region, WithdrawKey(kid, own), bool)
        if was_there:
            await self._record(EventKind.KEY_WITHDRAWN, origin, {"region": region, "kid": kid})
        return was_there

    async def answer(self, question: AboutKey) -> list[PublishedKey] | bool:
        """Does to a key of this region what an admin of another asks."""
        details = {"askedBy": question.asker}
        if isinstance(question, RotateKey):
            return await self._rotate(question.algorithm, Origin(), details)
        return await self._withdraw(question.kid, Origin(), details)

    async def _own(self) -> str:
        async with self._database.transaction() as transaction:
            return await store.own_name(transaction)

    async def _ask(self, region: str, question: AboutKey, answer: type[T]) -> T:
        if self._homes.neighbours is None or region not in self._homes.transports:
            raise UnknownRegionError(region)
        return await self._homes.neighbours.ask(region, question, answer)

    async def _record(self, kind: EventKind, origin: Origin, details: Mapping[str, str]) -> None:
        async with self._database.transaction() as transaction:
            await audit.record(transaction, kind, None, origin, details=details)

    async def _rotate(
        self, algorithm: Algorithm, origin: Origin, details: Mapping[str, str]
    ) -> list[PublishedKey]:
        async with self._keys.changing() as transaction:
            kid = await self._keys.publish(transaction, algorithm)
            noted = {**details, "kid": kid}
            await audit.record(transaction, EventKind.KEY_ROTATED, None, origin, details=noted)
        return [
            PublishedKey(each.key.kid, Algorithm(each.key.algorithm), each.state, each.key.active_from)
            for each in await self._keys.known()
        ]

    async def _withdraw(self, kid: str, origin: Origin, details: Mapping[str, str]) -> bool:
        async with self._keys.changing() as transaction:
            if not await self._keys.remove(transaction, kid):
                return False
            failpoint("identity.withdraw_key.before_revocation")
            noted = {**details, "kid": kid}
            await audit.record(transaction, EventKind.KEY_WITHDRAWN, None, origin, details=noted)
            until = await store.database_time(transaction) + WITHDRAWN_FOR
            await revoke(transaction, Kind.KID, kid, until)
        return True
