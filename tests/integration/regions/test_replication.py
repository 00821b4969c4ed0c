"""A region is told by another of that one only."""

from collections.abc import Callable
from typing import Any

import msgspec

from common.auth.revocation import RegionPage
from common.database import Database
from common.http import open_transport
from subgraphs.identity.service.replication import Follower, Replica
from subgraphs.identity.store.keys import keys_of_other_regions

PAGE = RegionPage("eu", "0199d3a0-0000-7000-8000-000000000001", 0, 0, 0.0, ())


async def test_keys_in_the_name_of_others_are_left_out(migrated_database: Callable[..., str]) -> None:
    keys: list[dict[str, Any]] = [{"kid": kid} for kid in ("eu:1", "home:1", "eu2:1", "eu")] + [{}]

    async def eu(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = msgspec.json.encode(Replica(PAGE, keys, "eu:1"))
        await send({"type": "http.response.body", "body": body})

    database = Database.open(migrated_database("identity"), schema="identity")
    await Follower(database, "eu", open_transport("app://eu", apps={"eu": eu})).advance()
    async with database.transaction() as transaction:
        assert await keys_of_other_regions(transaction) == [{"kid": "eu:1"}]
    await database.close()
