"""Clients that were registered before regions shared them are told to the others, too."""

import shutil
from collections.abc import Callable
from pathlib import Path

from common.database import Database
from common.database.migrations import migrate
from subgraphs.identity.app import service
from subgraphs.identity.store.client_copies import own_page
from subgraphs.identity.store.clients import remove_client

BEFORE = "0014"
INSERT = """INSERT INTO client (id, name, redirect_uris, post_logout_redirect_uris, grant_types, scopes)
  VALUES ('first', 'A', '{}', '{}', '{}', '{}'), ('second', 'B', '{}', '{}', '{}', '{}')"""


async def test_clients_from_before_are_this_regions_and_have_numbers(
    create_database: Callable[..., str], tmp_path: Path
) -> None:
    def later(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name[:4].isdigit() and name >= BEFORE]

    scripts, url = tmp_path / "migrations", create_database()
    shutil.copytree(service.migrations, scripts, ignore=later)
    await migrate(url, schema="identity", scripts=scripts)
    database = Database.open(url, schema="identity")
    async with database.transaction() as transaction:
        await transaction.execute(INSERT)
    await migrate(url, schema="identity", scripts=service.migrations)
    async with database.transaction() as transaction:
        told = await own_page(transaction, 0, 10)
        assert [(each.client.id, each.seq) for each in told.registrations] == [("first", 1), ("second", 2)]
        assert told.newest == 2
        assert await remove_client(transaction, "first")
        (removed,) = (await own_page(transaction, 2, 10)).registrations
    assert (removed.client.id, removed.seq, removed.removed_at is None) == ("first", 3, False)
    await database.close()
