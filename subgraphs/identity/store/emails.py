"""Tokens that were mailed, by their hashes; they belong to the address, and so say nothing of whether it has an account."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.emails import Purpose, Redeemed
from subgraphs.identity.tables import email_token, user


async def put_token(
    transaction: Transaction, purpose: Purpose, email: str, token_hash: bytes, user_id: UUID | None = None
) -> None:
    """The address's one token for the purpose; the one before is void."""
    changes = {
        "token_hash": token_hash,
        "user_id": user_id,
        "expires_at": sa.func.now() + purpose.lifetime,
    }
    statement = insert(email_token).values(purpose=purpose.value, email=email, **changes)
    keys = ["purpose", "email"]
    await transaction.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


async def promised(transaction: Transaction, purpose: Purpose, token_hash: bytes) -> Redeemed | None:
    """What the token would stand for if it were redeemed now."""
    statement = sa.select(email_token.c.email, email_token.c.user_id).where(*_good(purpose, token_hash))
    row = (await transaction.execute(statement)).one_or_none()
    return Redeemed(row.email, row.user_id) if row else None


async def redeem(transaction: Transaction, purpose: Purpose, token_hash: bytes) -> Redeemed | None:
    """What the token stood for; None when it is unknown, too old, or was redeemed before."""
    statement = sa.delete(email_token).where(*_good(purpose, token_hash))
    columns = (email_token.c.email, email_token.c.user_id)
    row = (await transaction.execute(statement.returning(*columns))).one_or_none()
    return Redeemed(row.email, row.user_id) if row else None


async def prune(transaction: Transaction) -> None:
    await transaction.execute(sa.delete(email_token).where(email_token.c.expires_at <= sa.func.now()))


async def verify(transaction: Transaction, email: str) -> UUID | None:
    """Whose address it is, which is verified now."""
    verified_at = sa.func.coalesce(user.c.email_verified_at, sa.func.now())
    statement = sa.update(user).where(user.c.email == email).values(email_verified_at=verified_at)
    return (await transaction.execute(statement.returning(user.c.id))).scalar_one_or_none()


async def change(transaction: Transaction, user_id: UUID, email: str) -> str | None:
    """Gives the user a verified address, and gives the one before; None when another has it, and nothing changes."""
    taken = sa.select(user.c.id).where(user.c.email == email, user.c.id != user_id)
    statement = sa.update(user).where(user.c.id == user_id, ~taken.exists())
    changes = {"email": email, "email_verified_at": sa.func.now()}
    before = sa.literal_column("old.email", sa.Text)
    return (await transaction.execute(statement.values(changes).returning(before))).scalar_one_or_none()


def _good(purpose: Purpose, token_hash: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        email_token.c.token_hash == token_hash,
        email_token.c.purpose == purpose.value,
        email_token.c.expires_at > sa.func.now(),
    )
