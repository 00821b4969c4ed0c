"""Ending what a user was given before: the tokens, and the sessions of all browsers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.auth.revocation import Kind
from common.database import Transaction
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.store import sessions
from subgraphs.identity.tokens import LIFETIME

_LEEWAY = timedelta(minutes=1)  # more than verifiers' clocks may differ by


async def end_tokens(transaction: Transaction, user_id: UUID) -> None:
    """Makes the user's tokens count no longer; browsers that are signed in get others. The last that a transaction does."""
    until = datetime.now(UTC) + timedelta(seconds=LIFETIME) + _LEEWAY
    await revoke(transaction, Kind.SUBJECT_EPOCH, str(user_id), until)


async def end_sessions(transaction: Transaction, user_id: UUID) -> None:
    """Signs the user out everywhere. The last that a transaction does."""
    await sessions.delete_sessions_of(transaction, user_id)
    await end_tokens(transaction, user_id)
