"""What admins do to a region's keys, and what they see of the regions."""

from datetime import timedelta

from msgspec import Struct

from common.auth.revocation import Kind
from common.database import Database
from common.failpoints import failpoint
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.signing_keys import KnownKey, SigningKeys
from subgraphs.identity.store import audit
from subgraphs.identity.store import revocations as store

WITHDRAWN_FOR = timedelta(days=30)  # a verifier that cannot reach its issuer keeps the keys that it has


class Region(Struct, frozen=True):
    """A region as this one knows it: for how many seconds it has not heard of it, and which key signs there."""

    name: str
    is_own: bool
    lag: float
    active_kid: str | None


class WrongRegionError(Exception):
    """HANSA_REGION is not the region that the database belongs to."""

    def __init__(self, name: str, known_as: str) -> None:
        super().__init__(f"HANSA_REGION is {name}, and the database is that of the region {known_as}")


class Regions:
    """Steers this region's keys, by admins, and leaves what was done in the audit log."""

    def __init__(self, database: Database, keys: SigningKeys) -> None:
        self._database = database
        self._keys = keys

    async def begin(self, name: str) -> None:
        """Calls this region `name`. Raises WrongRegionError where its database belongs to another."""
        async with self._database.transaction() as transaction:
            known_as = await store.name_own_region(transaction, name)
        if known_as != name:
            raise WrongRegionError(name, known_as)

    async def all(self) -> list[Region]:
        """This region first."""
        async with self._database.transaction() as transaction:
            feeds = await store.feeds(transaction)
        kid, _ = await self._keys.signer()
        return [
            Region(feed.region, feed.is_own, feed.lag, kid if feed.is_own else feed.active_kid)
            for feed in feeds
        ]

    async def rotate_key(self, algorithm: Algorithm, origin: Origin) -> list[KnownKey]:
        """Publishes a successor, which signs after the policy's lead; all keys of this region then."""
        async with self._keys.changing() as transaction:
            kid = await self._keys.publish(transaction, algorithm)
            await audit.record(transaction, EventKind.KEY_ROTATED, None, origin, details={"kid": kid})
        return await self._keys.known()

    async def withdraw_key(self, kid: str, origin: Origin) -> bool:
        """Makes a key of this region gone at once, with everything that it has signed; whether there was one.

        If it signed, its successor does from now on.
        """
        async with self._keys.changing() as transaction:
            if not await self._keys.remove(transaction, kid):
                return False
            failpoint("identity.withdraw_key.before_revocation")
            await audit.record(transaction, EventKind.KEY_WITHDRAWN, None, origin, details={"kid": kid})
            until = await store.database_time(transaction) + WITHDRAWN_FOR
            await revoke(transaction, Kind.KID, kid, until)
        return True
