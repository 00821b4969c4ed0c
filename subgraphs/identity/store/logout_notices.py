"""Which clients know of a session, and the notices of its end that are to be sent; the database's clock decides which are due."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.identity.domain.logout_notices import LEASE, Notice
from subgraphs.identity.provider_tables import logout_notice, session, session_client

_NOW = sa.func.now()
_CLAIMED_AT_ONCE = 16
_SHOWN = [logout_notice.c[name] for name in Notice.__struct_fields__]


async def remember(transaction: Transaction, session_id: UUID, client_id: str) -> None:
    """The client knows of the session, and will have to be told of its end."""
    statement = insert(session_client).values(session_id=session_id, client_id=client_id)
    await transaction.execute(statement.on_conflict_do_nothing())


async def post_of_session(transaction: Transaction, session_id: UUID) -> None:
    """A notice for each client that knows of the session, which is still there."""
    await _post(transaction, session.c.id == session_id)


async def post_of_user(transaction: Transaction, user_id: UUID) -> None:
    """The same for each session of the user's."""
    await _post(transaction, session.c.user_id == user_id)


async def claim(transaction: Transaction) -> Sequence[Notice]:
    """Some notices that are due; each is this process's until the lease is over."""
    due = (
        sa.select(logout_notice.c.id)
        .where(logout_notice.c.due_at <= _NOW)
        .order_by(logout_notice.c.due_at)
        .limit(_CLAIMED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    changes = {"attempts": logout_notice.c.attempts + 1, "due_at": _NOW + LEASE}
    statement = sa.update(logout_notice).where(logout_notice.c.id.in_(due)).values(changes)
    return [Notice(**row) for row in (await transaction.execute(statement.returning(*_SHOWN))).mappings()]


async def postpone(transaction: Transaction, id_: UUID, delay: timedelta) -> None:
    statement = sa.update(logout_notice).where(logout_notice.c.id == id_)
    await transaction.execute(statement.values(due_at=_NOW + delay))


async def delete(transaction: Transaction, id_: UUID) -> None:
    await transaction.execute(sa.delete(logout_notice).where(logout_notice.c.id == id_))


async def _post(transaction: Transaction, wanted: sa.ColumnElement[bool]) -> None:
    columns = (session_client.c.client_id, session.c.user_id, session.c.id)
    known = sa.select(*columns).join_from(session_client, session).where(wanted)
    await transaction.execute(
        sa.insert(logout_notice).from_select(["client_id", "user_id", "session_id"], known)
    )
