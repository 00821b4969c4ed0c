"""One service's connections to PostgreSQL, inside the schema that is its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol, Self

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from common.database.connection import Connection, opening_with
from common.database.errors import DatabaseUnavailableError, retryable, unreachable
from common.database.transaction import Change, Transaction

CONNECT_TIMEOUT = 10.0  # seconds
POOL_TIMEOUT = 10.0  # seconds that a transaction waits for a free connection
IDLE_IN_TRANSACTION_TIMEOUT = "60s"  # a forgotten transaction would hold the events of all others back


class EngineInstrumentation(Protocol):
    """What telemetry does to an engine."""

    @property
    def enabled(self) -> bool: ...
    def instrument_engine(self, engine: AsyncEngine) -> None: ...


class Database:
    """A pool of connections whose search path is one schema.

    `outbox_written` is set after each commit that wrote events; who relays them waits for it. `on_change` is told
    after a commit what its transaction has changed.
    """

    def __init__(self, engine: AsyncEngine, schema: str, opened: Collection[Connection] = ()) -> None:
        self.engine = engine
        self._autocommitting = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.schema = schema
        self._opened = opened
        self.outbox_written = asyncio.Event()
        self.on_change: Callable[[Collection[Change]], None] | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        schema: str,
        telemetry: EngineInstrumentation | None = None,
        pool_size: int = 10,
        idle_in_transaction_timeout: str = IDLE_IN_TRANSACTION_TIMEOUT,
    ) -> Self:
        """A database for `schema` at `url`, in any form that libpq knows; connects when it is first used.

        The server ends a transaction in which it has heard nothing for `idle_in_transaction_timeout`, and so the locks
        of a process that was stopped in it.
        """
        opened: set[Connection] = set()

        async def open_one() -> Connection:
            connection: Connection = await connect(url, schema, idle_in_transaction_timeout)
            opened.add(connection)
            connection.add_termination_listener(opened.discard)
            return connection

        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=open_one,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
        )
        if telemetry is not None and telemetry.enabled:
            telemetry.instrument_engine(engine)
        return cls(engine, schema, opened)

    @asynccontextmanager
    async def transaction(self, *, opening: str = "") -> AsyncIterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back when an error leaves it.

        `opening` are statements for its beginning, such as `SET LOCAL`; they travel with BEGIN and cost no round trip.

        Raises:
            RetryableError: a conflict with another transaction, or no connection.
        """
        with _typed_errors():
            async with self.engine.begin() as connection, opening_with(connection, opening):
                transaction = Transaction(connection)
                yield transaction
        self._tell(transaction)

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Transaction]:
        """For statements each of which is a transaction of its own, and so without the round trips of BEGIN and COMMIT.

        Raises:
            RetryableError: as above; the statements before have taken effect.
        """
        with _typed_errors():
            async with self._autocommitting.connect() as connection:
                transaction = Transaction(connection)
                yield transaction
        self._tell(transaction)

    def _tell(self, transaction: Transaction) -> None:
        if transaction.has_events:
            self.outbox_written.set()
        if transaction.changes and self.on_change is not None:
            self.on_change(transaction.changes)

    async def one(self, statement: str, *values: object) -> asyncpg.Record | None:
        """The first row of a statement that is a transaction by itself: what it did is committed when it returns.

        For what is asked so often that its CPU counts, which is half of a `transaction`'s: one round trip, and past SQLAlchemy, so
        that no trace shows it. Values are `$1`, `$2` and so on.

        Raises:
            RetryableError: a conflict with another transaction, or no connection.
        """
        try:
            pooled = await self.engine.raw_connection()
            driver = pooled.driver_connection
            assert isinstance(driver, Connection), "only `connect` opens connections"
            try:
                return await driver.fetchrow(statement, *values)
            except Exception as error:
                if not driver.is_closed():
                    raise
                pooled.invalidate()
                raise DatabaseUnavailableError(str(error)) from error
            finally:
                pooled.close()  # which has nothing to roll back, and so nothing to wait for
        except Exception as error:
            typed = retryable(error)
            if typed is None:
                raise
            raise typed from error

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            DatabaseUnavailableError: there is none.
        """
        async with self.transaction() as transaction:
            await transaction.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections, those too that the pool lost when a task was cancelled while it set one up."""
        await self.engine.dispose()
        for connection in tuple(self._opened):
            connection.terminate()


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        typed = retryable(error)
        if typed is None:
            raise
        raise typed from error


async def connect(
    url: str, schema: str, idle_in_transaction_timeout: str = IDLE_IN_TRANSACTION_TIMEOUT
) -> asyncpg.Connection:
    """A connection inside `schema`.

    Raises:
        DatabaseUnavailableError: there is no server now, or it has no room.
    """
    settings = {
        "search_path": f'"{schema}"',
        "application_name": f"hansa {schema}",
        "idle_in_transaction_session_timeout": idle_in_transaction_timeout,
        "jit": "off",  # it costs short statements more than it gains long ones
    }
    try:
        return await asyncpg.connect(
            url, timeout=CONNECT_TIMEOUT, server_settings=settings, connection_class=Connection
        )
    except Exception as error:
        typed = unreachable(error)
        if typed is None:
            raise
        raise typed from error
