"""A connection that sends a transaction's first statements together with BEGIN: one round trip, not two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is shipped without types
    """asyncpg's own, but for `opening`: statements that the next BEGIN takes with it."""

    opening = ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's signature
        if not self.opening or not query.startswith("BEGIN"):
            return str(await super().execute(query, *args, timeout=timeout))
        opening, self.opening = self.opening, ""
        try:
            return str(await super().execute(query + opening, timeout=timeout))
        except BaseException:
            self.terminate()  # a transaction may be open that nobody would end
            raise


@asynccontextmanager
async def opening_with(connection: AsyncConnection, opening: str) -> AsyncIterator[None]:
    """Let the transaction of `connection`, which has sent nothing yet, begin with the statements `opening`."""
    if not opening:
        yield
        return
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Connection), "only `connect` opens connections"
    driver.opening = opening
    try:
        yield
    finally:
        driver.opening = ""  # of a transaction that sent nothing
