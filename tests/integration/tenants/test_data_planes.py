"""Guarantees 7, 10 and 12 of tenants' README: what data planes are told is whole and in order; what they tell counts once."""

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from subgraphs.tenants.domain.keys import hash_of
from subgraphs.tenants.store import feed
from tests.integration.tenants.conftest import Hall
from tests.integration.tenants.test_configurations import APPLY, ORDERS, changed, changes
from tests.integration.tenants.test_keys import REVOKE, issue

USAGE = """query ($id: ID!, $since: DateTime!, $until: DateTime!, $span: UsageSpan!, $by: [UsageDimension!]) {
  tenant(id: $id) { usage(since: $since, until: $until, span: $span, by: $by) {
    start route consumer keyId requests refused failed bytesIn bytesOut } } }"""
QUOTA = "query ($id: ID!) { tenant(id: $id) { quota { limit used remaining resetsAt } } }"
HOUR = 3600


async def test_who_follows_hears_of_each_change_once(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.get(APPLY, tenant=bergen, document=ORDERS)
    start = await changes(hall)
    assert start["is_whole"] is True
    assert await changes(hall, start["sequence"]) == {
        "sequence": start["sequence"],
        "configurations": [],
        "gone": [],
        "keys": [],
        "is_whole": False,
    }
    issued = await issue(hall, bergen)
    await hall.get(REVOKE, id=issued["key"]["id"])
    await hall.get(APPLY, tenant=bergen, document=changed("/o"))
    told = await changes(hall, start["sequence"])
    assert told["keys"] == [hash_of(issued["secret"]).hex()]
    assert [each["version"] for each in told["configurations"]] == [2]
    assert told["sequence"] == start["sequence"] + 2


async def test_who_is_too_far_behind_or_ahead_starts_anew(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    for prefix in ("/1", "/2", "/3"):
        await hall.get(APPLY, tenant=bergen, document=changed(prefix))
    async with hall.database.transaction() as transaction:
        await transaction.execute("DELETE FROM change WHERE sequence <= 3")
    assert (await changes(hall, 2))["is_whole"] is True
    assert (await changes(hall, 3))["is_whole"] is False
    assert (await changes(hall, 4))["is_whole"] is False
    assert (await changes(hall, 5))["is_whole"] is True, "a database that was restored counts from before"


async def test_a_question_is_held_back_until_something_changes(hall: Hall, other_hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await hall.get(APPLY, tenant=bergen, document=ORDERS)
    now = (await changes(hall))["sequence"]
    waiting = asyncio.create_task(other_hall.call("/v1/dataplane/changes", after=now, wait=20))
    await asyncio.sleep(1)
    assert not waiting.done()
    await hall.get(APPLY, tenant=bergen, document=changed("/o"))
    async with asyncio.timeout(10):
        assert (await waiting)["sequence"] == now + 1


async def test_numbers_are_in_the_order_of_the_commits_and_none_is_missing(hall: Hall) -> None:
    """Whatever commits when: who has read up to a number has read all there is up to it."""
    bergen = UUID(await hall.create("bergen"))
    seen: list[int] = [0]
    done = asyncio.Event()

    async def write(number: int) -> None:
        async with hall.tenancy.transaction(bergen) as transaction:
            await feed.keys_changed(transaction, bergen, [hashlib.sha256(bytes([number])).digest()] * 2)
            await asyncio.sleep(0.01 * (number % 3))
            if number % 5 == 0:
                await transaction.connection.rollback()

    async def follow() -> None:
        while not done.is_set() or seen[-1] < 33:
            async with hall.database.transaction() as transaction:
                changed = await feed.read(transaction, seen[-1], 3)
                numbers = await transaction.execute(
                    text("SELECT sequence FROM change WHERE sequence > :after ORDER BY sequence LIMIT 3"),
                    {"after": seen[-1]},
                )
                read = list(numbers.scalars())
            assert changed is not None
            assert read == list(range(seen[-1] + 1, seen[-1] + 1 + len(read)))
            seen.extend(read)

    async with asyncio.timeout(60):
        following = asyncio.create_task(follow())
        await asyncio.gather(*(write(number) for number in range(20)))
        done.set()
        await following
    assert seen == list(range(34))


def usage(tenant: str, **members: Any) -> dict[str, Any]:
    return {"tenant": tenant, "hour": 490_000, "route": "orders", **members}


async def take(hall: Hall, *rows: dict[str, Any], id_: str | None = None) -> None:
    batch = id_ or str(uuid.uuid4())
    assert await hall.call("/v1/dataplane/usage", id=batch, usage=rows) == {"id": batch}


async def used(
    hall: Hall, tenant: str, span: str = "HOUR", *by: str, user: str = "ada"
) -> list[dict[str, Any]]:
    since = datetime.fromtimestamp(490_000 * HOUR, UTC) - timedelta(days=1)
    answer = await hall.get(
        USAGE,
        user,
        id=tenant,
        since=since.isoformat(),
        until=(since + timedelta(days=3)).isoformat(),
        span=span,
        by=by,
    )
    return [{name: value for name, value in bucket.items() if value} for bucket in answer["usage"]]


async def test_a_batch_counts_once_however_often_it_is_sent(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    batch = str(uuid.uuid4())
    row = usage(bergen, requests=3, bytes_in=10)
    await asyncio.gather(*(take(hall, row, row, id_=batch) for _ in range(5)))
    await take(hall, row)
    (bucket,) = await used(hall, bergen)
    assert (bucket["requests"], bucket["bytesIn"]) == (9, 30)


async def test_usage_is_shown_by_time_and_by_what_is_asked_for(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await take(
        hall,
        usage(bergen, requests=1, consumer="web"),
        usage(bergen, requests=2, consumer="app"),
        usage(bergen, requests=4, hour=490_001, route="stock", refused=1, failed=2),
    )
    hours = await used(hall, bergen)
    assert [each["requests"] for each in hours] == [3, 4]
    days = await used(hall, bergen, "DAY", "CONSUMER")
    assert [(each.get("consumer"), each["requests"]) for each in days] == [(None, 4), ("app", 2), ("web", 1)]
    months = await used(hall, bergen, "MONTH", "ROUTE")
    assert [(each["route"], each["requests"]) for each in months] == [("orders", 3), ("stock", 4)]
    assert (months[1]["refused"], months[1]["failed"]) == (1, 2)


async def test_a_quota_is_what_is_left_of_the_month(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    async with hall.database.transaction() as transaction:
        now: datetime = (await transaction.execute("SELECT now()")).scalar_one()
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    hour = int(first.timestamp()) // HOUR
    await take(hall, usage(bergen, hour=hour, requests=9_000), usage(bergen, hour=hour - 1, requests=500))
    quota = (await hall.get(QUOTA, id=bergen))["quota"]
    assert (quota["limit"], quota["used"], quota["remaining"]) == (10_000, 9_000, 1_000)
    assert datetime.fromisoformat(quota["resetsAt"]) == (first + timedelta(days=40)).replace(day=1)
    await take(hall, usage(bergen, hour=hour, requests=2_000))
    assert (await hall.get(QUOTA, id=bergen))["quota"]["remaining"] == 0


async def test_usage_of_a_tenant_that_is_none_is_let_go(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    await take(
        hall, usage(str(uuid.uuid4()), requests=1), usage("nobody", requests=1), usage(bergen, requests=1)
    )
    assert [each["requests"] for each in await used(hall, bergen)] == [1]


async def test_what_no_data_plane_sends_is_refused(hall: Hall) -> None:
    bergen = await hall.create("bergen")
    for batch in (
        {"id": "x", "usage": []},
        {"id": str(uuid.uuid4()), "usage": [usage(bergen, requests=-1)]},
        {"id": str(uuid.uuid4()), "usage": [usage(bergen, hour=-1)]},
        {"id": str(uuid.uuid4()), "usage": [usage(bergen, route="\0")]},
        {"id": str(uuid.uuid4()), "usage": [usage(bergen, bytes_in=2**60)]},
    ):
        assert (await hall.post("/v1/dataplane/usage", batch)).status == 400
    assert await used(hall, bergen) == []
