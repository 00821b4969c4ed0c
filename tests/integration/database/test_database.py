"""A transaction is all or nothing, stays in its schema, and says when running it again would help."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from common.database import Change, Database, DatabaseUnavailableError, RetryableError
from common.database.testing import count_statements


@pytest.fixture
async def database(kernel_database: Database) -> Database:
    async with kernel_database.transaction() as transaction:
        await transaction.execute("CREATE TABLE item (id int PRIMARY KEY, amount int NOT NULL DEFAULT 0)")
    return kernel_database


async def count(database: Database) -> int:
    async with database.transaction() as transaction:
        return int((await transaction.execute("SELECT count(*) FROM item")).scalar_one())


async def test_a_block_that_ends_commits(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO item (id) VALUES (:id)", {"id": 1})
    assert await count(database) == 1


async def test_an_error_rolls_back_and_is_raised_as_it_is(database: Database) -> None:
    async def insert_and_fail() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO item (id) VALUES (1)")
            raise LookupError

    with pytest.raises(LookupError):
        await insert_and_fail()
    assert await count(database) == 0


async def test_a_cancelled_block_rolls_back(database: Database) -> None:
    async def insert_and_wait() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO item (id) VALUES (1)")
            await asyncio.sleep(60)

    task = asyncio.create_task(insert_and_wait())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count(database) == 0


async def test_a_statement_by_itself_has_its_effect_at_once_and_a_later_error_takes_none_back(
    database: Database,
) -> None:
    told: list[Collection[Change]] = []
    database.on_change = told.append

    async def insert_twice() -> None:
        async with database.autocommit() as transaction:
            await transaction.execute("INSERT INTO item (id) VALUES (1)")
            assert await count(database) == 1
            await transaction.execute("INSERT INTO item (id) VALUES (1)")

    with pytest.raises(IntegrityError):
        await insert_twice()
    async with database.autocommit() as transaction:
        await transaction.execute("DELETE FROM item")
        transaction.changed("item", "1")
        assert not told
    assert told == [{Change("item", "1")}]
    assert await count(database) == 0


async def test_a_connection_that_committed_by_statement_serves_whole_transactions_again(
    database: Database, database_url: str
) -> None:
    alone = Database.open(database_url, schema="kernel", pool_size=1)
    async with alone.autocommit() as transaction:
        await transaction.execute("INSERT INTO item (id) VALUES (1)")

    async def insert_and_fail() -> None:
        async with alone.transaction() as transaction:
            await transaction.execute("INSERT INTO item (id) VALUES (2)")
            raise LookupError

    with pytest.raises(LookupError):
        await insert_and_fail()
    await alone.close()
    assert await count(database) == 1


async def test_a_broken_constraint_is_not_retryable(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as transaction:
            await transaction.execute("INSERT INTO item (id) VALUES (1), (1)")


async def test_a_deadlock_is_retryable_for_one_and_the_other_goes_on(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO item (id) VALUES (1), (2)")

    async def lock(*ids: int) -> None:
        async with database.transaction() as transaction:
            for id_ in ids:
                await transaction.execute("UPDATE item SET amount = amount + 1 WHERE id = :id", {"id": id_})
                await asyncio.sleep(0.1)

    results = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(type(result) for result in results if result) == [RetryableError]


async def test_a_serialization_failure_is_retryable(database: Database) -> None:
    async def read_and_write(id_: int) -> None:
        async with database.transaction() as transaction:
            await transaction.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            await transaction.execute("SELECT count(*) FROM item")
            await asyncio.sleep(0.1)
            await transaction.execute("INSERT INTO item (id) VALUES (:id)", {"id": id_})

    results = await asyncio.gather(read_and_write(1), read_and_write(2), return_exceptions=True)
    assert [type(result) for result in results if result] == [RetryableError]


async def test_a_connection_that_the_server_ends_is_an_unavailable_database_once(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError):
        async with database.transaction() as transaction:
            await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await count(database) == 0


async def test_no_server_is_an_unavailable_database(tmp_path: Path) -> None:
    database = Database.open(f"postgresql:///hansa?host={tmp_path}", schema="kernel")
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached"):
        await database.ping()
    await database.close()


async def test_a_wrong_database_name_is_no_matter_of_waiting(database_url: str) -> None:
    database = Database.open(
        f"{database_url.partition('?')[0]}x?{urlsplit(database_url).query}", schema="kernel"
    )
    with pytest.raises(Exception, match="does not exist") as caught:
        await database.ping()
    assert not isinstance(caught.value, RetryableError)
    await database.close()


@pytest.mark.usefixtures("database")
async def test_names_mean_those_of_the_own_schema(database_url: str) -> None:
    stranger = Database.open(database_url, schema="other")
    with pytest.raises(Exception, match='relation "item" does not exist'):
        await count(stranger)
    await stranger.close()


@pytest.mark.usefixtures("database")
async def test_the_forms_of_an_url_are_those_of_libpq(database_url: str) -> None:
    parts = urlsplit(database_url)
    host = parse_qs(parts.query)["host"][0]
    for url in (
        f"postgres://{parts.netloc}{parts.path}?host={host}&application_name=form",
        f"postgresql:///{parts.path[1:]}?host={host}&user={parts.username}",
        f"postgresql://{parts.username}@{parts.path}?host={host}&sslmode=disable",
    ):
        other = Database.open(url, schema="kernel")
        assert await count(other) == 0
        await other.close()


async def test_statements_are_counted_where_they_are_asked_for(database: Database) -> None:
    background = asyncio.Event()

    async def poll() -> None:
        await background.wait()
        await database.ping()

    task = asyncio.create_task(poll())
    with count_statements() as statements:
        background.set()
        await task
        await asyncio.create_task(count(database))
        await count(database)
    assert statements == ["SELECT count(*) FROM item"] * 2


async def test_one_statement_is_a_transaction_by_itself(database: Database) -> None:
    row = await database.one("INSERT INTO item (id) VALUES ($1) RETURNING id, amount", 1)
    assert row is not None
    assert (row["id"], row["amount"]) == (1, 0)
    assert await count(database) == 1
    assert await database.one("SELECT id FROM item WHERE id = $1", 2) is None


async def test_one_statement_that_fails_says_whether_running_it_again_would_help(database: Database) -> None:
    await database.one("INSERT INTO item (id) VALUES (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.one("INSERT INTO item (id) VALUES (1)")
    conflict = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$"
    with pytest.raises(RetryableError):
        await database.one(conflict)
    with pytest.raises(DatabaseUnavailableError):
        await database.one("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await count(database) == 1


async def test_one_statement_that_is_cancelled_leaves_its_connection_of_use(database: Database) -> None:
    task = asyncio.create_task(database.one("SELECT pg_sleep(60)"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        assert await count(database) == 0
