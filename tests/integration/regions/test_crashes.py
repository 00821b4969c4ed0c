"""A killed process leaves no revocation without its cause, no number without its revocation, no half of a copy, no address to two, and no
client that was removed."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common import failpoints
from common.database import Database
from subgraphs.identity.store.revocations import name_own_region
from tests.integration.regions import moving

ROOT = Path(__file__).parents[3]
CONCEPTS = ("address", "client", "directory", "keys", "replication", "revoke", "withdraw_key")
NAMES = [name for name in sorted(failpoints.names("subgraphs.identity")) if name.split(".")[1] in CONCEPTS]
OF_ADDRESSES = [name for name in NAMES if moving.is_on_the_way(name)]
OF_COPIES = [name for name in NAMES if not moving.is_on_the_way(name)]


async def test_after_a_kill_at_any_failpoint_both_regions_are_whole(
    migrated_database: Callable[..., str],
) -> None:
    assert len(NAMES) >= 12
    own, eu = migrated_database("identity"), migrated_database("identity")
    databases = {url: Database.open(url, schema="identity") for url in (own, eu)}
    async with databases[eu].transaction() as transaction:
        await name_own_region(transaction, "eu")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, Path(__file__).with_name("crashing.py"), own, eu),
        base64.b64encode(bytes(32)).decode(),
        *NAMES,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    ended = {line["failpoint"]: line["statuses"] for line in map(json.loads, output.splitlines())}
    assert ended == {name: [-signal.SIGKILL, 0] for name in NAMES}
    for name, url in (("home", own), ("eu", eu)):
        numbers = await rows(
            databases[url], f"SELECT seq FROM revocation WHERE region = '{name}' ORDER BY seq"
        )
        ((newest,),) = await rows(databases[url], "SELECT newest FROM region WHERE is_own")
        assert [number for (number,) in numbers] == list(range(1, newest + 1))
    copied = "SELECT seq, mark, until FROM revocation WHERE region = 'eu' ORDER BY seq"
    assert await rows(databases[own], copied) == await rows(databases[eu], copied)
    withdrawn = await rows(databases[own], "SELECT value FROM revocation WHERE kind = 'KID' ORDER BY seq")
    logged = "SELECT details->>'kid' FROM security_event WHERE kind = 'KEY_WITHDRAWN' ORDER BY id"
    assert await rows(databases[own], logged) == withdrawn
    assert len(withdrawn) >= len(OF_COPIES)
    left = {kid for (kid,) in await rows(databases[own], "SELECT kid FROM signing_key")}
    assert left.isdisjoint(kid for (kid,) in withdrawn)
    await check_addresses({"home": databases[own], "eu": databases[eu]})
    await check_clients(databases[eu], databases[own])
    for database in databases.values():
        await database.close()


async def check_clients(eu: Database, home: Database) -> None:
    """Both know the same of the clients of `eu`; where one was removed its tokens have ended, in both."""
    known = "SELECT * FROM client WHERE region = 'eu' ORDER BY id"
    at_home = await rows(eu, known)
    assert await rows(home, known) == at_home
    left = await rows(eu, "SELECT name FROM client WHERE removed_at IS NULL ORDER BY name")
    assert [name for (name,) in left] == sorted(f"{name} stays" for name in OF_COPIES)
    ids = {id_ for (id_,) in await rows(eu, "SELECT id FROM client WHERE removed_at IS NOT NULL")}
    assert len(ids) >= len(OF_COPIES)
    removed = await rows(eu, "SELECT details->>'client' FROM security_event WHERE kind = 'CLIENT_REMOVED'")
    assert sorted(id_ for (id_,) in removed) == sorted(ids), "each was written down once"
    for database in (eu, home):
        ended = await rows(database, "SELECT value FROM revocation WHERE kind = 'CLIENT_EPOCH'")
        assert {id_ for (id_,) in ended} == ids


async def check_addresses(databases: Mapping[str, Database]) -> None:
    """Every address has one account, whose region has claimed it, and the directory says so."""
    homes, decided = {}, {}
    for name, database in databases.items():
        emails = {email for (email,) in await rows(database, 'SELECT email FROM "user"')}
        assert set(await rows(database, "SELECT email, state FROM address_claim")) == {
            (email, "TAKEN") for email in emails
        }
        assert homes.keys().isdisjoint(emails)
        homes |= dict.fromkeys(emails, name)
        decided |= dict(await rows(database, "SELECT digest, home FROM directory WHERE freed_at IS NULL"))
    assert decided == {moving.KEY.digest(email): home for email, home in homes.items()}
    wanted = {
        moving.address(f"{name}.{which}", region)
        for name in OF_ADDRESSES
        for which in ("before", "after")
        for region in moving.NAMES
    }
    assert homes.keys() == wanted, "nobody is kept from an address that is free"


async def rows(database: Database, statement: str) -> list[Any]:
    async with database.transaction() as transaction:
        return list(map(tuple, await transaction.execute(statement)))
