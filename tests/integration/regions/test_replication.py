"""A region is told by another of that one only."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import structs

from common.auth.revocation import RegionPage
from common.database import Database
from common.http import open_transport
from subgraphs.identity.domain.clients import Client, ClientPage, Registration
from subgraphs.identity.service.replication import Follower, Replica
from subgraphs.identity.store.clients import insert_client, newest_clients
from subgraphs.identity.store.keys import keys_of_other_regions

NOW = datetime.now(UTC)
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


def registration(id_: str, seq: int, **changes: Any) -> Registration:
    client = Client(id=id_, name="Shop", secret_hash=b"s", grant_types=[], scopes=["graph"])
    nothing: dict[str, Any] = {"old_secret_until": None, "ended_at": None, "removed_at": None}
    return Registration(client=client, seq=seq, created_at=NOW, **{**nothing, **changes})


async def test_an_older_copy_revives_no_client_and_a_region_has_no_say_about_those_of_others(
    migrated_database: Callable[..., str],
) -> None:
    database = Database.open(migrated_database("identity"), schema="identity")

    async def hear(page: RegionPage, *registrations: Registration) -> None:
        told = ClientPage(registrations[-1].seq, registrations[-1].seq, registrations)

        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            body = msgspec.json.encode(Replica(page, [], "eu:1", told))
            await send({"type": "http.response.body", "body": body})

        transport = open_transport("app://region", apps={"region": app})
        await Follower(database, page.region, transport).advance()

    async def known() -> dict[str, str | None]:
        async with database.transaction() as transaction:
            return {client.id: client.region for client in await newest_clients(transaction, 10)}

    async with database.transaction() as transaction:
        assert await insert_client(transaction, Client(id="own", name="Own", grant_types=[], scopes=[]))
    gone = registration("shop", 2, removed_at=NOW, ended_at=NOW)
    await hear(PAGE, registration("own", 1), registration("shop", 1))
    assert await known() == {"own": "home", "shop": "eu"}
    await hear(structs.replace(PAGE, region="us"), registration("own", 9), registration("shop", 9))
    assert await known() == {"own": "home", "shop": "eu"}
    await hear(PAGE, gone)
    await hear(PAGE, registration("shop", 1))
    assert await known() == {"own": "home"}
    anew = structs.replace(PAGE, feed="0199d3a0-0000-7000-8000-000000000002")
    await hear(anew, registration("shop", 1))
    assert await known() == {"own": "home", "shop": "eu"}, "a region that counts anew is heard anew"
    await database.close()
