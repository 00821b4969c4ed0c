"""What this region knows of the others: it follows what each tells of itself, and keeps copies.

Each region is the only one that writes what is its own. The copies may be old, and it is known how old: `heard_at`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from common.auth.revocation import Cursor, RegionPage
from common.database import Database, RetryableError
from common.failpoints import failpoint
from common.http import Request, Transport, TransportError
from common.http.transport import path_of
from subgraphs.identity.domain.clients import ClientPage
from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.service.clients import end_tokens
from subgraphs.identity.service.neighbours import PATH, Neighbours
from subgraphs.identity.service.revocations import NEWS, RevocationFeed
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.store import client_copies as client_store
from subgraphs.identity.store import regions as store
from subgraphs.identity.store import revocations as revocation_store

logger = logging.getLogger("hansa.identity")

_WAIT = 1.0  # seconds that a region waits for news before it says that there are none
_TIMEOUT = 3.0
_RETRY = 0.5
_CLIENTS = 500  # of a region in an answer


class Replica(Struct, frozen=True):
    """What a region tells of itself: revocations behind a cursor, its public keys, and which signs access tokens.

    Only to a region that has proved to be one it tells of its clients, where they have changed.
    """

    page: RegionPage
    keys: list[dict[str, Any]]
    active_kid: str
    clients: ClientPage | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing that the region could tell is left for the next answer."""
        all_clients = self.clients is None or self.clients.position >= self.clients.newest
        return all_clients and self.page.position >= self.page.newest


class Teller:
    """Tells other regions of this one."""

    def __init__(self, database: Database, feed: RevocationFeed, keys: SigningKeys) -> None:
        self._database = database
        self._feed = feed
        self._keys = keys

    async def replica(self, after: Mapping[str, Cursor], clients: int | None, wait: float) -> Replica:
        """This region behind `after`, its clients behind the number `clients`; with nothing new the answer waits for `wait` seconds."""
        page, changed_behind = await self._feed.own_page(after, clients, wait)
        kid, _ = await self._keys.signer(Algorithm.ES256)
        changed = None if changed_behind is None else await self._clients(changed_behind)
        return Replica(page, await self._keys.own(), kid, changed)

    async def _clients(self, after: int) -> ClientPage:
        async with self._database.transaction() as transaction:
            return await client_store.own_page(transaction, after, _CLIENTS)


class Follower:
    """Keeps the copy of the region `name`, which tells of itself behind `transport`.

    Every process of a region may follow: writing a copy twice changes nothing. A region has no say about others' keys and
    clients. It tells of clients only where requests are signed, by `neighbours`.
    """

    def __init__(
        self, database: Database, name: str, transport: Transport, neighbours: Neighbours | None = None
    ) -> None:
        self._database = database
        self._neighbours = neighbours
        self._name = name
        self._transport = transport
        self._path = path_of(transport.url).rstrip("/")
        self._heard_at = time.monotonic()

    def lag(self) -> float:
        """For how many seconds this process has not heard all of the region, at most since it began to follow."""
        return time.monotonic() - self._heard_at

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._heard_at = time.monotonic()
        task = asyncio.create_task(self._run(), name=f"copy of the region {self._name}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        is_well = True
        while True:
            try:
                await self.advance()
                is_well = True
                continue
            except (TransportError, RetryableError, msgspec.DecodeError, LookupError) as error:
                if is_well:
                    logger.warning("The region %s cannot be followed: %r", self._name, error)
                is_well = False
            except Exception:
                logger.exception("The region %s cannot be followed", self._name)
            await asyncio.sleep(_RETRY)

    async def advance(self) -> None:
        """Take what the region tells next into the copy. Raises TransportError, RetryableError, DecodeError, LookupError."""
        async with self._database.transaction() as transaction:
            known = await store.place_of(transaction, self._name)
        asked_at = time.monotonic()
        answer = await self._transport.send(self._request(known), timeout=_TIMEOUT)
        if answer.status != 200:
            raise LookupError(f"status {answer.status}")
        replica = msgspec.json.decode(answer.body, type=Replica)
        if replica.page.region != self._name:
            raise LookupError(f"it calls itself {replica.page.region}")
        await self._keep(replica, timedelta(seconds=time.monotonic() - asked_at))
        if replica.is_complete:
            self._heard_at = asked_at

    def _request(self, known: store.Place | None) -> Request:
        after = Cursor.format({self._name: known.cursor} if known else {})
        path = f"{self._path}{PATH}?after={after}&wait={_WAIT if known else 0}"
        if self._neighbours is None:
            return Request(path=path, method="GET", idempotent=True)
        signed = self._neighbours.sign("GET", (), b"")
        path += f"&clients={known.clients if known else 0}"
        return Request(path=path, method="GET", headers=signed, idempotent=True)

    async def _keep(self, replica: Replica, age: timedelta) -> None:
        async with self._database.transaction() as transaction:
            await revocation_store.delete_revocations_that_are_over(transaction)
            await store.begin_copy(transaction, replica.page)
            await store.copy_revocations(transaction, replica.page)
            if replica.page.entries:
                transaction.changed(*NEWS)
            failpoint("identity.replication.before_position")
            clients = replica.clients
            ended = await client_store.copy_clients(transaction, self._name, clients) if clients else ()
            own = [key for key in replica.keys if str(key.get("kid")).startswith(f"{self._name}:")]
            await store.end_copy(
                transaction,
                replica.page,
                keys=own,
                active_kid=replica.active_kid,
                clients=clients,
                age=age if replica.is_complete else None,
            )
            for client_id in ended:  # what was given here before this region had heard
                await end_tokens(transaction, client_id)
            failpoint("identity.replication.before_commit")
