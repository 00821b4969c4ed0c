"""A killed process leaves no revocation without its cause, no number without its revocation, and no half of a copy."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import failpoints
from common.database import Database
from subgraphs.identity.store.revocations import name_own_region

ROOT = Path(__file__).parents[3]
CONCEPTS = ("keys", "replication", "revoke", "withdraw_key")
NAMES = [name for name in sorted(failpoints.names("subgraphs.identity")) if name.split(".")[1] in CONCEPTS]


async def test_after_a_kill_at_any_failpoint_both_regions_are_whole(
    migrated_database: Callable[..., str],
) -> None:
    assert len(NAMES) >= 6
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
    assert len(withdrawn) >= len(NAMES)
    left = {kid for (kid,) in await rows(databases[own], "SELECT kid FROM signing_key")}
    assert left.isdisjoint(kid for (kid,) in withdrawn)
    for database in databases.values():
        await database.close()


async def rows(database: Database, statement: str) -> list[Any]:
    async with database.transaction() as transaction:
        return list(map(tuple, await transaction.execute(statement)))
