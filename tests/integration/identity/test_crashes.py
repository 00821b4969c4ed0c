"""Guarantee 45 of identity's README: a killed process loses no grant that was answered, and revives none that has ended."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from common import failpoints
from common.database import Database
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.store.accounts import insert_user, put_password_hash
from subgraphs.identity.store.clients import insert_client
from tests.integration.identity.conftest import CLIENT
from tests.integration.identity.relying import claims
from tests.integration.identity.telling import listening

ROOT = Path(__file__).parents[3]
CRASHING = Path(__file__).with_name("crashing.py")
CONCEPTS = ("authorize", "code", "device", "logout", "pushed", "refresh", "session", "token")
NAMES = [name for name in sorted(failpoints.names("subgraphs.identity")) if name.split(".")[1] in CONCEPTS]


async def test_after_a_kill_a_client_comes_to_the_end_of_its_way(
    environment: Mapping[str, str], database: Database, tmp_path: Path
) -> None:
    assert len(NAMES) >= 10
    own = {**environment, "HANSA_IDENTITY_INNER_CLIENTS": "true", "PYTHONPATH": str(ROOT)}
    async with listening() as channel:
        await add_users(database, channel.url)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            CRASHING,
            tmp_path,
            *NAMES,
            env={**os.environ, **own},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    told = {line["failpoint"]: line for line in map(json.loads, output.splitlines())}
    assert {name: line["statuses"] for name, line in told.items()} == {
        name: [-signal.SIGKILL, 0] for name in NAMES
    }
    for line in told.values():
        assert (line["kept"]["refused"], line["kept"]["ended"]) == ("invalid_grant", "invalid_grant")
    async with database.transaction() as transaction:
        left = [
            (await transaction.execute(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("session", "token_family")
        ]
        ended = (await transaction.execute("SELECT value FROM revocation WHERE kind = 'SID'")).scalars()
    assert left == [0, 0]
    told = Counter(claims(token)["sid"] for token in channel.tokens)
    assert set(told) == set(ended)
    assert len(told) == len(NAMES)
    assert sorted(told.values())[-3:] == [
        1,
        2,
        2,
    ]  # killed after it was sent, twice: before and after it was known


async def add_users(database: Database, channel: str) -> None:
    """The client, and a user for each failpoint."""
    passwords = Passwords(threads=1)
    password_hash = await passwords.hash("long enough")
    passwords.close()
    async with database.transaction() as transaction:
        await insert_client(transaction, structs.replace(CLIENT, backchannel_logout_uri=channel))
        for name in NAMES:
            user = await insert_user(transaction, f"{name}@hansa.example", "Ada")
            assert user is not None
            await put_password_hash(transaction, user.id, password_hash)
