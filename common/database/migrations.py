"""Bring a service's schema to its newest revision, by Alembic, without an `env.py` in each service.

Many processes may do so at once: a lock in the database lets one work while the others wait, and they then
find nothing left to do.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from common.database.database import connect

LOCK_POLL = 0.1  # seconds
TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtext('hansa migration'), hashtext(:schema))")
UNLOCK = text("SELECT pg_advisory_unlock(hashtext('hansa migration'), hashtext(:schema))")

# `alembic.op` is one global for all revisions, so that migrations in one event loop take turns.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class SchemaTooNewError(Exception):
    """A newer version of the program has changed the schema already. Its message says what to do."""


async def migrate(url: str, *, schema: str, scripts: Path) -> None:
    """Create `schema` in the database at `url` if need be, and run what is new in `scripts`.

    Each revision is a transaction. `alembic_version` in the schema says how far it is. Raises SchemaTooNewError
    where that is a revision which `scripts` does not have.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(url, schema),
        poolclass=NullPool,
    )
    try:
        async with _turn(), engine.connect() as connection, _locked(connection, schema):
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            await connection.commit()
            await connection.run_sync(_upgrade, schema, scripts)
            await connection.commit()
    finally:
        await engine.dispose()


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        yield


@asynccontextmanager
async def _locked(connection: AsyncConnection, schema: str) -> AsyncIterator[None]:
    """Hold the schema's migration lock. It is polled: who waits inside a statement blocks concurrent index builds."""
    while not await connection.scalar(TRY_LOCK, {"schema": schema}):
        await connection.rollback()
        await asyncio.sleep(LOCK_POLL)
    await connection.commit()
    try:
        yield
    finally:
        await connection.rollback()
        await connection.execute(UNLOCK, {"schema": schema})
        await connection.commit()


def _upgrade(connection: Connection, schema: str, scripts: Path) -> None:
    directory = ScriptDirectory(str(scripts))

    def steps(revision: Any, _context: Any) -> Any:
        _refuse_unknown(revision, directory, schema)
        return directory._upgrade_revs("head", revision)  # noqa: SLF001  what alembic.command.upgrade calls

    with EnvironmentContext(Config(), directory, fn=steps, destination_rev="head") as environment:
        environment.configure(
            connection=connection,
            version_table_schema=schema,
            transaction_per_migration=True,
        )
        with environment.begin_transaction():
            environment.run_migrations()


def _refuse_unknown(revision: tuple[str, ...], directory: ScriptDirectory, schema: str) -> None:
    known = {each.revision for each in directory.walk_revisions()}
    unknown = [each for each in revision if each not in known]
    if unknown:
        raise SchemaTooNewError(
            f"The schema {schema} of the database is at revision {unknown[0]}, which this version does not know. "
            "Run the version that made it, or a newer one, or start with an empty database."
        )
