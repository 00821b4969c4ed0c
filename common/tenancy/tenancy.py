"""Transactions that see one tenant, or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from common.database import Database, Transaction
from common.tenancy.isolation import SETTING, role_of


class Tenancy:
    """`database` as a tenant sees it. Work for all tenants at once is done on the database itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._role = f'SET LOCAL ROLE "{role_of(database.schema)}"'

    @asynccontextmanager
    async def transaction(
        self, tenant: UUID | None, *, is_snapshot: bool = False
    ) -> AsyncIterator[Transaction]:
        """A transaction in which tables of tenants have the rows of `tenant`, and of None no rows at all.

        All that one that `is_snapshot` reads is as of one moment.

        Raises:
            RetryableError: as `Database.transaction`.
        """
        moment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; " if is_snapshot else ""
        scope = "" if tenant is None else f"; SET LOCAL {SETTING} = '{UUID(int=tenant.int)}'"
        async with self._database.transaction(opening=moment + self._role + scope) as transaction:
            yield transaction
