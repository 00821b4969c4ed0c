"""Leases: at most one holder of a name at a time, proved by a token that only grows (a fencing token).

Only the database's clock decides whether a lease has run out. A holder that was paused for longer than that does not
know; so whoever acts on a lease checks its token in the transaction that does the work (`fence`).
"""

from datetime import timedelta

from msgspec import Struct
from sqlalchemy import text

from common.database import Database, Transaction

ACQUIRE = text("""
    INSERT INTO lease (name, holder, token, expires_at)
    VALUES (:name, :holder, 1, clock_timestamp() + :ttl)
    ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, token = lease.token + 1, expires_at = clock_timestamp() + :ttl
        WHERE lease.expires_at <= clock_timestamp()
    RETURNING token
""")
RENEW = text("""
    UPDATE lease SET expires_at = clock_timestamp() + :ttl
    WHERE name = :name AND token = :token AND expires_at > clock_timestamp()
""")
RELEASE = text("UPDATE lease SET expires_at = '-infinity' WHERE name = :name AND token = :token")
FENCE = text("""
    SELECT 1 FROM lease WHERE name = :name AND token = :token AND expires_at > clock_timestamp() FOR SHARE
""")


class LeaseLostError(Exception):
    """The lease ran out and may be another's now: what was to be done under it must not be."""


class Lease(Struct, frozen=True):
    """A lease that was acquired; `token` is greater than that of every earlier holder."""

    name: str
    token: int
    ttl: timedelta


class Leases:
    """The leases in the schema of `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take the lease for `ttl`, None while it is another's; `holder` is for people who look."""
        async with self._database.transaction() as transaction:
            result = await transaction.execute(ACQUIRE, {"name": name, "holder": holder, "ttl": ttl})
            token = result.scalar_one_or_none()
        return None if token is None else Lease(name, token, ttl)

    async def renew(self, lease: Lease) -> None:
        """Hold it for its `ttl` from now.

        Raises:
            LeaseLostError: it has run out, even if nobody has taken it yet.
        """
        parameters = {"name": lease.name, "token": lease.token, "ttl": lease.ttl}
        async with self._database.transaction() as transaction:
            result = await transaction.execute(RENEW, parameters)
        if result.rowcount == 0:
            raise LeaseLostError(lease.name)

    async def release(self, lease: Lease) -> None:
        """Let the next one have it; nothing if it is lost."""
        async with self._database.transaction() as transaction:
            await transaction.execute(RELEASE, {"name": lease.name, "token": lease.token})


async def fence(transaction: Transaction, lease: Lease) -> None:
    """Let `transaction` commit only under `lease`: nobody can take it before the transaction ends.

    Raises:
        LeaseLostError: it is not held any more.
    """
    found = await transaction.execute(FENCE, {"name": lease.name, "token": lease.token})
    if found.one_or_none() is None:
        raise LeaseLostError(lease.name)
