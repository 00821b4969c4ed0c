"""Writing what plans allow into the rate limiter, by one process at a time, whenever a tenant or its plan has changed.

It follows the same numbered changes as data planes do, and now and then writes all anew, so that nothing that was lost stays so.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from uuid import UUID

import msgspec

from common.database import Database
from common.http import Request, Transport, TransportError
from common.leases import Lease
from common.settings import Secret
from subgraphs.tenants.domain.limits import Declaration, declaration
from subgraphs.tenants.domain.plans import FREE, Plan
from subgraphs.tenants.store import directory, feed, plans

DOOR = "/v1/policies:declare"
INTERVAL = 0.5  # seconds
TIMEOUT = 30.0
ANEW = 600.0  # seconds
BATCH = 400  # tenants of one declaration


class LimiterUnavailableError(Exception):
    """The rate limiter did not take what it was told; it is told again."""


class Limits:
    """Tells the rate limiter at `transport`, its origin, by the services' `token`."""

    def __init__(self, database: Database, transport: Transport, token: Secret) -> None:
        self._database = database
        self._transport = transport
        self._headers = (
            ("authorization", f"Bearer {token.reveal()}"),
            ("content-type", "application/json"),
        )
        self._written: int | None = None
        self._pending: list[Declaration] = []
        self._anew_at = 0.0

    async def turn(self, _: Lease) -> None:
        """Write a part of what has changed, or wait a moment. Raises LimiterUnavailableError, RetryableError."""
        try:
            await self._turn()
        except BaseException:
            self._anew_at = 0.0  # another may have led by the time that it is tried again
            raise

    async def _turn(self) -> None:
        if time.monotonic() > self._anew_at:
            self._written, self._anew_at = None, time.monotonic() + ANEW
            self._pending = []
        if self._pending:
            await self._declare(self._pending[0])
            del self._pending[0]
            return
        self._written, self._pending = await self._read()
        if not self._pending:
            await asyncio.sleep(INTERVAL)

    async def _read(self) -> tuple[int, list[Declaration]]:
        """What is to be written, and the number of the change that it is as of."""
        async with self._database.transaction() as transaction:
            changed = None
            if self._written is not None:
                changed = await feed.read(transaction, self._written, BATCH)
                if changed is not None and not changed.tenants:
                    return changed.sequence, []
            sequence = await feed.last(transaction) if changed is None else changed.sequence
            bought = await directory.plans_of(transaction, None if changed is None else changed.tenants)
            named = {plan.name: plan for plan in await plans.plans(transaction)}
        return sequence, list(_declarations(named, {id_: named[plan] for id_, plan in bought.items()}))

    async def _declare(self, declared: Declaration) -> None:
        body = msgspec.json.encode(declared)
        request = Request(DOOR, body, headers=self._headers, idempotent=True)
        try:
            response = await self._transport.send(request, timeout=TIMEOUT)
        except TransportError as error:
            raise LimiterUnavailableError(f"The rate limiter does not answer: {error}") from None
        if response.status != 200:
            raise LimiterUnavailableError(f"The rate limiter answered {response.status}: {response.body!r}")


def _declarations(named: Mapping[str, Plan], bought: Mapping[UUID, Plan]) -> Iterator[Declaration]:
    """At least one, as there are policies even where there are no tenants."""
    ids = list(bought)
    for start in range(0, max(1, len(ids)), BATCH):
        yield declaration(named[FREE], {id_: bought[id_] for id_ in ids[start : start + BATCH]})
