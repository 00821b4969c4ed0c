"""What a transaction raises when the same work may well succeed a moment later."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
CONNECTION_EXCEPTION = "08"  # a class of SQLSTATE codes, as is the next
OPERATOR_INTERVENTION = "57P"  # the server shuts down or starts up
TOO_MANY_CONNECTIONS = "53300"


class RetryableError(Exception):
    """The transaction was rolled back by a conflict with another one: run it again from its beginning."""


class DatabaseUnavailableError(RetryableError):
    """The database cannot be reached now. Whether a commit that was under way took effect is unknown."""


def retryable(error: BaseException) -> RetryableError | None:
    """The typed form of what the driver raised, None when running again would not help."""
    if isinstance(error, PoolTimeoutError):
        return DatabaseUnavailableError(str(error))
    if isinstance(error, DBAPIError):
        return _retryable(error.orig, is_lost=error.connection_invalidated)
    return _retryable(error, is_lost=False) if isinstance(error, asyncpg.PostgresError) else None


def _retryable(error: BaseException | None, *, is_lost: bool) -> RetryableError | None:
    state = getattr(error, "sqlstate", None) or ""
    if state in {SERIALIZATION_FAILURE, DEADLOCK_DETECTED}:
        return RetryableError(str(error))
    return DatabaseUnavailableError(str(error)) if is_lost or _unavailable(state) else None


def unreachable(error: BaseException) -> DatabaseUnavailableError | None:
    """The typed form of why a connection was not made, None when the next attempt would fail as well."""
    later = isinstance(error, OSError) or (
        isinstance(error, asyncpg.PostgresError) and _unavailable(error.sqlstate or "")
    )
    return DatabaseUnavailableError(f"PostgreSQL cannot be reached: {error}") if later else None


def _unavailable(state: str) -> bool:
    return state.startswith((CONNECTION_EXCEPTION, OPERATOR_INTERVENTION)) or state == TOO_MANY_CONNECTIONS
