"""Which errors of the driver a caller may answer by trying again."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from common.database.errors import DatabaseUnavailableError, RetryableError, retryable, unreachable


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"state {sqlstate}")
        self.sqlstate = sqlstate


def wrapped(sqlstate: str) -> DBAPIError:
    return DBAPIError("SELECT 1", None, DriverError(sqlstate))


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_conflict_is_retryable(state: str) -> None:
    assert type(retryable(wrapped(state))) is RetryableError


@pytest.mark.parametrize("state", ["08006", "57P01", "57P03", "53300"])
def test_a_server_that_goes_away_is_unavailable(state: str) -> None:
    assert type(retryable(wrapped(state))) is DatabaseUnavailableError


def test_an_exhausted_pool_is_unavailable() -> None:
    assert isinstance(retryable(PoolTimeoutError("full")), DatabaseUnavailableError)


@pytest.mark.parametrize(
    "error",
    [
        wrapped("42P01"),
        IntegrityError("INSERT", None, DriverError("23505")),
        OSError("a file"),
        LookupError(),
    ],
)
def test_everything_else_is_what_it_is(error: Exception) -> None:
    assert retryable(error) is None


def test_only_a_server_that_may_come_back_is_unreachable() -> None:
    assert isinstance(unreachable(ConnectionRefusedError()), DatabaseUnavailableError)
    assert isinstance(unreachable(asyncpg.CannotConnectNowError("starting up")), DatabaseUnavailableError)
    assert unreachable(asyncpg.InvalidPasswordError("wrong")) is None
