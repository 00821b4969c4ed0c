"""Revoke, copy, rotate, withdraw, register and remove clients, and move addresses in a process that is killed: for each failpoint in the arguments once, and then to the end.

Processes are forked, so that each costs no imports. One line of JSON tells how each failpoint's two runs ended.
"""

import asyncio
import base64
import json
import os
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from common import failpoints
from common.auth.revocation import Cursor, Kind
from common.database import Database
from common.http import open_transport
from common.live import Live
from common.sealing import Sealer
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.clients import GrantType
from subgraphs.identity.domain.keys import Algorithm, KeyPolicy
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.neighbours import Neighbours
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.replication import Follower, Teller
from subgraphs.identity.service.revocations import RevocationFeed, revoke
from subgraphs.identity.signing_keys import SigningKeys
from tests.integration.regions import moving
from tests.integration.regions.moving import accounts_of, move, take_what_is_free

PAGE = 100
PATIENCE = 60  # seconds for one run


def main() -> None:
    own, eu, key, *names = sys.argv[1:]
    for name in names:
        runs = [run(own, eu, key, name, failpoint) for failpoint in (f"{name}:kill", "")]
        print(json.dumps({"failpoint": name, "statuses": runs}), flush=True)  # noqa: T201 - what the test reads


def run(own: str, eu: str, key: str, name: str, failpoint: str) -> int:
    """The work in a forked process; 0, the exit status, or less than 0 by a signal."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(work(own, eu, Sealer(base64.b64decode(key)), name))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def work(own_url: str, eu_url: str, sealer: Sealer, name: str) -> None:
    own, eu = (Database.open(url, schema="identity") for url in (own_url, eu_url))
    if moving.is_on_the_way(name):
        await (move if failpoints._armed else take_what_is_free)(*accounts_of(eu, own), name)
    else:
        await follow(own, eu, sealer, name)


async def follow(own: Database, eu: Database, sealer: Sealer, name: str) -> None:
    """What happens in `eu` with a copy of each step here, and then to the keys here."""
    async with eu.transaction() as transaction:
        until = datetime.now(UTC) + timedelta(hours=1)
        await revoke(transaction, Kind.JTI, str(uuid.uuid4()), until)
    teller = Teller(
        eu,
        RevocationFeed(eu, Live("nats://127.0.0.1:4222", "identity")),
        SigningKeys(eu, sealer, KeyPolicy()),
    )
    neighbours = Neighbours({}, moving.KEY.requests)
    follower = Follower(own, "eu", open_transport("app://eu", apps={"eu": telling(teller)}), neighbours)
    clients = Clients(eu, {}, None)
    await register_once(clients, f"{name} goes")
    await follower.advance()
    await remove(clients, f"{name} goes")
    await follower.advance()
    await register_once(clients, f"{name} stays")
    await follower.advance()
    keys = SigningKeys(own, sealer, KeyPolicy())
    regions = Regions(own, keys, Homes({}, None))
    kid, _ = await keys.signer()
    await regions.rotate_key(Algorithm.ES256, Origin())
    await regions.withdraw_key(kid, Origin())


async def register_once(clients: Clients, name: str) -> None:
    """As an admin does who asks again, and looks first whether it was done."""
    if all(client.name != name for client in await clients.newest(PAGE)):
        await clients.create(
            Origin(),
            name=name,
            grant_types=[GrantType.CLIENT_CREDENTIALS],
            scopes=["graph"],
            redirect_uris=[],
            post_logout_redirect_uris=[],
            is_public=False,
        )


async def remove(clients: Clients, name: str) -> None:
    for client in await clients.newest(PAGE):
        if client.name == name:
            await clients.remove(client.id, Origin())


def telling(teller: Teller) -> Any:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        replica = await teller.replica(Cursor.parse(query.get("after", "")), int(query["clients"]), 0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode(replica)})

    return app


if __name__ == "__main__":
    main()
