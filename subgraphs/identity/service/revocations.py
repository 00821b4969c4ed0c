"""Revoking tokens, and the feed that tells every verifier of it.

A revocation is a row in the transaction of its cause, with a number that has no gaps in its region: whoever knows all up to
one number misses nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.auth.revocation import Cursor, Entry, FeedPage, Kind, RegionPage, mark
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.live import Live
from subgraphs.identity.store import revocations as store

NEWS = ("revocations", "any")
"""What has changed when there are others, of any region: topic and key."""
LONGEST_WAIT = 10.0  # seconds
MAX_WAITING = 1_000  # whoever comes beyond is answered at once
PAGE = 10_000  # revocations of one region in an answer


async def revoke(
    transaction: Transaction, kind: Kind, value: str, until: datetime, *, ahead: timedelta = timedelta()
) -> int:
    """Ends the tokens that bear `value`, if `transaction` commits; an epoch only those that were issued before now.

    `until` is when the last of them would have expired, `ahead` for how long more some may be issued by who has not heard.
    Gives the revocation's number. Revocations of one region take turns until the transaction ends, so let this be the
    last that it does.
    """
    counted = await store.next_seq(transaction)
    failpoint("identity.revoke.after_number")
    await store.delete_revocations_that_are_over(transaction)
    at = await store.database_time(transaction)
    await store.insert_revocation(
        transaction,
        region=counted["name"],
        seq=counted["newest"],
        kind=kind.value,
        value=value,
        mark=mark(kind, value),
        issued_until=at + ahead if kind.is_epoch else None,
        until=until,
        at=at,
    )
    transaction.changed(*NEWS)
    failpoint("identity.revoke.before_commit")
    return int(counted["newest"])


class RevocationFeed:
    """Answers verifiers from the database. All that wait for news look together, once there are some.

    A nudge may be lost: who waits is answered all the same and asks again, which is a look.
    """

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._feeds: list[store.Feed] = []
        self._waiting = 0

    async def page(self, after: Mapping[str, Cursor], wait: float) -> FeedPage:
        """What is new of all regions behind `after`; without news the answer waits for `wait` seconds, ten at most."""
        feeds = await self._await_news(lambda feed: _position(feed, after) < feed.newest, wait)
        return FeedPage(await self._read(feeds, after))

    async def own_page(
        self, after: Mapping[str, Cursor], clients: int | None, wait: float
    ) -> tuple[RegionPage, int | None]:
        """The same of this region alone, and behind which number its clients have changed, if they have behind `clients`."""

        def changed_behind(feed: store.Feed) -> int | None:
            at = after.get(feed.region)
            known = clients if at is not None and at.feed == feed.feed else 0
            return known if clients is not None and known is not None and known < feed.clients else None

        def is_news(feed: store.Feed) -> bool:
            return feed.is_own and (_position(feed, after) < feed.newest or changed_behind(feed) is not None)

        own = (await self._await_news(is_news, wait))[:1]
        return (await self._read(own, after))[0], changed_behind(own[0])

    async def _await_news(self, is_news: Callable[[store.Feed], bool], wait: float) -> list[store.Feed]:
        clock = asyncio.get_running_loop()
        since = clock.time()
        until = since + (min(LONGEST_WAIT, wait) if self._waiting < MAX_WAITING else 0)
        topic, key = NEWS
        self._waiting += 1
        try:
            with self._live.waking(topic, [key], asyncio.Event()) as news:
                while True:
                    news.clear()
                    feeds = await self._look(clock, since)
                    if any(map(is_news, feeds)):
                        return feeds
                    try:
                        async with asyncio.timeout_at(until):
                            await news.wait()
                    except TimeoutError:
                        return feeds
                    since = clock.time()
        finally:
            self._waiting -= 1

    async def _look(self, clock: asyncio.AbstractEventLoop, since: float) -> list[store.Feed]:
        """The regions as they were `since` then or later."""
        async with self._looking:
            if self._looked_at < since:
                looked_at = clock.time()
                with suppress_instrumentation():  # looking is no part of any trace
                    async with self._database.transaction() as transaction:
                        self._feeds = await store.feeds(transaction)
                self._looked_at = looked_at
            return self._feeds

    async def _read(self, feeds: list[store.Feed], after: Mapping[str, Cursor]) -> tuple[RegionPage, ...]:
        if all(_position(feed, after) >= feed.newest for feed in feeds):
            return tuple(_region_page(feed, feed.newest) for feed in feeds)
        pages = []
        async with self._database.transaction() as transaction:
            for feed in feeds:
                position, entries = await store.revocations(
                    transaction, feed.region, _position(feed, after), feed.newest, PAGE
                )
                pages.append(_region_page(feed, position, entries))
        return tuple(pages)


def _position(feed: store.Feed, after: Mapping[str, Cursor]) -> int:
    """Up to where the reader knows the feed; nothing of one that has begun anew."""
    at = after.get(feed.region)
    return at.position if at is not None and at.feed == feed.feed and at.position <= feed.newest else 0


def _region_page(feed: store.Feed, position: int, entries: tuple[Entry, ...] = ()) -> RegionPage:
    return RegionPage(feed.region, feed.feed, position, feed.newest, feed.lag, entries)
