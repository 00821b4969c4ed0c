"""Who works for one tenant sees and changes that tenant's rows only, however the connection was used before."""

import uuid
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from common.database import Database, DatabaseUnavailableError, Transaction
from common.database.testing import count_statements
from common.tenancy import Tenancy, create_tenant_role, isolate, unguarded

A, B = uuid.uuid4(), uuid.uuid4()
SCHEMA = "kernel"


class Recorded:
    """What a migration would run."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sqltext: str) -> None:
        self.statements.append(sqltext)


@pytest.fixture
async def database(kernel_database: Database) -> Database:
    """With a table of tenants' notes. One transaction after another uses the same connection."""
    op = Recorded()
    create_tenant_role(op, SCHEMA)
    op.execute("CREATE TABLE note (tenant_id uuid, id int, text text, PRIMARY KEY (tenant_id, id))")
    isolate(op, SCHEMA, "note")
    async with kernel_database.transaction() as transaction:
        for statement in op.statements:
            await transaction.execute(statement)
    return kernel_database


@pytest.fixture
async def tenancy(database: Database) -> Tenancy:
    tenancy = Tenancy(database)
    for tenant in (A, B):
        async with tenancy.transaction(tenant) as transaction:
            await write(transaction, tenant, 1)
    return tenancy


async def write(transaction: Transaction, tenant: UUID, id_: int) -> None:
    row = {"tenant": tenant, "id": id_}
    await transaction.execute("INSERT INTO note VALUES (:tenant, :id, 'same')", row)


async def tenants_in(transaction: Transaction) -> set[Any]:
    return set((await transaction.execute("SELECT tenant_id FROM note")).scalars())


async def test_each_tenant_sees_its_own_rows(tenancy: Tenancy) -> None:
    for tenant in (A, B, A):
        async with tenancy.transaction(tenant) as transaction:
            assert await tenants_in(transaction) == {tenant}


async def test_without_a_tenant_there_are_no_rows_even_after_one_was_set(tenancy: Tenancy) -> None:
    for _ in range(3):
        async with tenancy.transaction(A) as transaction:
            assert await tenants_in(transaction) == {A}
        async with tenancy.transaction(None) as transaction:
            assert await tenants_in(transaction) == set()


async def test_a_snapshot_is_of_one_moment_and_of_one_tenant(tenancy: Tenancy) -> None:
    count = "SELECT count(*) FROM note"
    async with (
        tenancy.transaction(A, is_snapshot=True) as snapshot,
        tenancy.transaction(A) as other,
    ):
        assert (await snapshot.execute(count)).scalar_one() == 1
        await write(other, A, 2)
        await other.connection.commit()
        assert (await snapshot.execute(count)).scalar_one() == 1
    async with tenancy.transaction(A) as later:
        assert (await later.execute(count)).scalar_one() == 2


async def test_the_platform_sees_all_rows(tenancy: Tenancy, database: Database) -> None:
    async with tenancy.transaction(A):
        pass
    async with database.transaction() as transaction:
        assert await tenants_in(transaction) == {A, B}


@pytest.mark.parametrize("tenant", [A, None])
async def test_a_row_of_another_tenant_cannot_be_written(tenancy: Tenancy, tenant: UUID | None) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with tenancy.transaction(tenant) as transaction:
            await write(transaction, B, 2)


async def test_a_row_of_another_tenant_cannot_be_changed_or_given_away(
    tenancy: Tenancy, database: Database
) -> None:
    async with tenancy.transaction(A) as transaction:
        await transaction.execute("UPDATE note SET text = 'mine'")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with tenancy.transaction(A) as transaction:
            await transaction.execute("UPDATE note SET tenant_id = :tenant, id = 9", {"tenant": B})
    async with database.transaction() as transaction:
        rows = await transaction.execute("SELECT tenant_id, text FROM note")
        assert {(row.tenant_id, row.text) for row in rows} == {(A, "mine"), (B, "same")}


async def test_a_tenant_cannot_read_what_is_told_of_others(tenancy: Tenancy) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with tenancy.transaction(A) as transaction:
            await transaction.execute("SELECT * FROM outbox")


async def test_the_tenant_is_sent_with_begin(tenancy: Tenancy) -> None:
    with count_statements() as statements:
        async with tenancy.transaction(A) as transaction:
            await tenants_in(transaction)
    assert statements == ["SELECT tenant_id FROM note"]


async def test_a_transaction_that_could_not_begin_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match="does not exist"):
        async with database.transaction(opening="SET LOCAL ROLE no_such_role") as transaction:
            await transaction.execute("SELECT 1")
    async with database.transaction() as transaction:
        assert await tenants_in(transaction) == set()


async def test_the_tenants_index_is_used_once_a_statement_asks(tenancy: Tenancy) -> None:
    async with tenancy.transaction(A) as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join((await transaction.execute("EXPLAIN SELECT * FROM note WHERE id = 1")).scalars())
    assert "InitPlan" in plan
    assert "Index Cond: ((tenant_id = (InitPlan" in plan


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("CREATE TABLE forgotten (tenant_id uuid)", "forgotten is not isolated"),
        ("CREATE VIEW door AS SELECT * FROM note", "door is not isolated"),
        ("ALTER TABLE note NO FORCE ROW LEVEL SECURITY", "note is not isolated"),
        ("DROP POLICY tenant ON note", "note is not isolated"),
        ("ALTER POLICY tenant ON note USING (true)", "note is not isolated"),
        ("CREATE UNIQUE INDEX by_text ON note (text)", "by_text does not lead with tenant_id"),
    ],
)
async def test_the_guard_names_what_was_forgotten(database: Database, statement: str, complaint: str) -> None:
    async with database.transaction() as transaction:
        assert await unguarded(transaction, SCHEMA) == []
        await transaction.execute(statement)
        assert await unguarded(transaction, SCHEMA) == [complaint]
