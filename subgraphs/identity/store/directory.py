"""The addresses about which this region decides: digests and their homes."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.directory_tables import directory
from subgraphs.identity.domain.directory import ClaimAddress, ReleaseAddress

_FREE_FOR = timedelta(hours=1)
"""How long it is remembered who gave an address up: longer than a claim may be under way."""


async def claim(transaction: Transaction, asked: ClaimAddress) -> None:
    """Gives the address to who asks, if it is nobody's or already theirs."""
    statement = insert(directory).values(digest=asked.digest, home=asked.home, number=asked.number)
    new = statement.excluded
    is_free, is_theirs = directory.c.freed_at.is_not(None), directory.c.home == new.home
    is_newer = directory.c.number < new.number
    repeated = is_theirs & ~is_free & (directory.c.number == new.number)
    changes = {"home": new.home, "number": new.number, "freed_at": None}
    may = sa.or_(is_theirs & is_newer, is_free & ~is_theirs, repeated)
    await transaction.execute(
        statement.on_conflict_do_update(index_elements=["digest"], set_=changes, where=may)
    )


async def release(transaction: Transaction, asked: ReleaseAddress) -> None:
    """Frees the address unless it is another's, or claimed anew; what was never claimed cannot be by this number any more."""
    values = {"digest": asked.digest, "home": asked.home, "number": asked.number, "freed_at": sa.func.now()}
    statement = insert(directory).values(values)
    new = statement.excluded
    theirs = (directory.c.home == new.home) & (directory.c.number <= new.number)
    changes = {"number": new.number, "freed_at": new.freed_at}
    await transaction.execute(
        statement.on_conflict_do_update(index_elements=["digest"], set_=changes, where=theirs)
    )
    forgotten = directory.c.freed_at < sa.func.now() - _FREE_FOR
    await transaction.execute(sa.delete(directory).where(forgotten))


async def home_of(transaction: Transaction, digest: bytes) -> str | None:
    """Whose the address is."""
    taken = (directory.c.digest == digest) & directory.c.freed_at.is_(None)
    statement = sa.select(directory.c.home).where(taken)
    return (await transaction.execute(statement)).scalar_one_or_none()
