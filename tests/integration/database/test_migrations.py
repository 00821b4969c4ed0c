"""Migrations run once, in the schema they belong to, whoever else runs them at the same moment."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

from common.database import SchemaTooNewError, migrate

FIRST = """
from alembic import op
import sqlalchemy as sa
from common.database import create_kernel_tables

revision = "0001"
down_revision = None

def upgrade():
    create_kernel_tables(op)
    op.create_table("thing", sa.Column("id", sa.Integer, primary_key=True))
"""
SECOND = """
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade():
    op.execute("INSERT INTO thing (id) VALUES (1)")
"""
BROKEN = """
from alembic import op

revision = "0003"
down_revision = "0002"

def upgrade():
    op.execute("INSERT INTO thing (id) VALUES (3)")
    op.execute("SELECT no_such_function()")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "0001_first.py").write_text(FIRST)
    return tmp_path


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_all_tables_are_in_the_schema(database_url: str, scripts: Path) -> None:
    await migrate(database_url, schema="first", scripts=scripts)
    names = await value(
        database_url,
        "SELECT array_agg(tablename::text ORDER BY tablename) FROM pg_tables WHERE schemaname = 'first'",
    )
    kernel = ["idempotency", "inbox", "lease", "outbox", "parked"]
    assert names == ["alembic_version", *kernel, "thing"]


async def test_a_new_revision_runs_alone_and_once(database_url: str, scripts: Path) -> None:
    await migrate(database_url, schema="first", scripts=scripts)
    (scripts / "versions" / "0002_second.py").write_text(SECOND)
    for _ in range(2):
        await migrate(database_url, schema="first", scripts=scripts)
    assert await value(database_url, "SELECT count(*) FROM first.thing") == 1
    assert await value(database_url, "SELECT version_num FROM first.alembic_version") == "0002"


async def test_a_broken_revision_leaves_nothing_of_itself(database_url: str, scripts: Path) -> None:
    (scripts / "versions" / "0002_second.py").write_text(SECOND)
    (scripts / "versions" / "0003_broken.py").write_text(BROKEN)
    with pytest.raises(Exception, match="no_such_function"):
        await migrate(database_url, schema="first", scripts=scripts)
    assert await value(database_url, "SELECT count(*) FROM first.thing") == 1
    (scripts / "versions" / "0003_broken.py").write_text(BROKEN.replace("no_such_function", "now"))
    await migrate(database_url, schema="first", scripts=scripts)
    assert await value(database_url, "SELECT version_num FROM first.alembic_version") == "0003"


async def test_a_schema_of_a_newer_version_is_left_alone(database_url: str, scripts: Path) -> None:
    second = scripts / "versions" / "0002_second.py"
    second.write_text(SECOND)
    await migrate(database_url, schema="first", scripts=scripts)
    second.unlink()
    with pytest.raises(SchemaTooNewError, match=r"schema first .* revision 0002"):
        await migrate(database_url, schema="first", scripts=scripts)
    assert await value(database_url, "SELECT version_num FROM first.alembic_version") == "0002"


async def test_services_of_one_process_migrate_together(database_url: str, scripts: Path) -> None:
    await asyncio.gather(*(migrate(database_url, schema=f"s{n}", scripts=scripts) for n in range(3)))
    assert await value(database_url, "SELECT count(*) FROM pg_tables WHERE tablename = 'thing'") == 3


async def test_many_processes_migrate_one_schema_together(database_url: str, scripts: Path) -> None:
    program = f"""
import asyncio, pathlib
from common.database import migrate
asyncio.run(migrate({database_url!r}, schema="first", scripts=pathlib.Path({str(scripts)!r})))
"""
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(2)]
    assert [await process.wait() for process in processes] == [0, 0]
    assert await value(database_url, "SELECT count(*) FROM first.alembic_version") == 1
