"""Ending what a user was given before: the tokens, and the sessions of all browsers."""

from datetime import UTC, datetime
from uuid import UUID

from common.auth.revocation import Kind
from common.database import Transaction
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.store import logout_notices, sessions
from subgraphs.identity.tokens import ACCESS_TOKENS_OVER


async def end_tokens(transaction: Transaction, user_id: UUID) -> None:
    """Has the user's access tokens count no longer; who may refresh gets others. The last that a transaction does."""
    await revoke(transaction, Kind.SUBJECT_EPOCH, str(user_id), datetime.now(UTC) + ACCESS_TOKENS_OVER)


async def end_sessions(transaction: Transaction, user_id: UUID) -> int:
    """Signs the user out everywhere, with whatever was granted; gives how many sessions. The last that a transaction does."""
    await logout_notices.post_of_user(transaction, user_id)
    ended = await sessions.delete_sessions_of(transaction, user_id)
    await end_tokens(transaction, user_id)
    return ended
