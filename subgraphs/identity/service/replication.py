"""What this region knows of the others: it follows what each tells of itself, and keeps copies.

Each region is the only one that writes what is its own. The copies may be old, and it is known how old: `heard_at`.
"""

import asyncio
import logging
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
from subgraphs.identity.domain.keys import Algorithm
from subgraphs.identity.service.revocations import NEWS, RevocationFeed
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.store import regions as store
from subgraphs.identity.store import revocations as revocation_store

logger = logging.getLogger("hansa.identity")

_WAIT = 1.0  # seconds that a region waits for news before it says that there are none
_TIMEOUT = 3.0
_RETRY = 0.5


class Replica(Struct, frozen=True):
    """What a region tells of itself: revocations behind a cursor, its public keys, and which signs access tokens."""

    page: RegionPage
    keys: list[dict[str, Any]]
    active_kid: str


class Teller:
    """Tells other regions of this one."""

    def __init__(self, feed: RevocationFeed, keys: SigningKeys) -> None:
        self._feed = feed
        self._keys = keys

    async def replica(self, after: Mapping[str, Cursor], wait: float) -> Replica:
        """This region behind `after`; with nothing new the answer waits for `wait` seconds."""
        page = await self._feed.own_page(after, wait)
        kid, _ = await self._keys.signer(Algorithm.ES256)
        return Replica(page, await self._keys.own(), kid)


class Follower:
    """Keeps the copy of the region `name`, which tells of itself behind `transport`.

    Every process of a region may follow: writing a copy twice changes nothing. A region has no say about others' keys.
    """

    def __init__(self, database: Database, name: str, transport: Transport) -> None:
        self._database = database
        self._name = name
        self._transport = transport
        self._path = path_of(transport.url).rstrip("/")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
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
        clock = asyncio.get_running_loop()
        async with self._database.transaction() as transaction:
            known = await store.cursor_of(transaction, self._name)
        after = Cursor.format({self._name: known} if known else {})
        asked_at = clock.time()
        path = f"{self._path}/region?after={after}&wait={_WAIT if known else 0}"
        answer = await self._transport.send(
            Request(path=path, method="GET", idempotent=True), timeout=_TIMEOUT
        )
        if answer.status != 200:
            raise LookupError(f"status {answer.status}")
        replica = msgspec.json.decode(answer.body, type=Replica)
        if replica.page.region != self._name:
            raise LookupError(f"it calls itself {replica.page.region}")
        await self._keep(replica, timedelta(seconds=clock.time() - asked_at))

    async def _keep(self, replica: Replica, age: timedelta) -> None:
        async with self._database.transaction() as transaction:
            await revocation_store.delete_revocations_that_are_over(transaction)
            await store.begin_copy(transaction, replica.page)
            await store.copy_revocations(transaction, replica.page)
            if replica.page.entries:
                transaction.changed(*NEWS)
            failpoint("identity.replication.before_position")
            own = [key for key in replica.keys if str(key.get("kid")).startswith(f"{self._name}:")]
            await store.end_copy(transaction, replica.page, keys=own, active_kid=replica.active_kid, age=age)
            failpoint("identity.replication.before_commit")
