"""The doors of data planes, as `dataplane/control.py` says: what has changed, what a key is, what was used."""

from functools import partial
from typing import Any

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute
from subgraphs.tenants.dataplane.control import (
    CHANGES,
    FIND_KEY,
    USAGE,
    Changes,
    ChangesAfter,
    FindKey,
    FoundKey,
    UsageBatch,
    UsageTaken,
)
from subgraphs.tenants.service.feed import Feed
from subgraphs.tenants.service.use_cases import UseCases

MAX_USAGE = 4 * 1024 * 1024


def routes(use: UseCases, feed: Feed, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The doors over `use`."""

    async def changes(asked: ChangesAfter) -> EdgeAnswer:
        if asked.after and asked.wait:
            await feed.wait(asked.after, asked.wait)
        return EdgeAnswer.of(await use.data_planes.changes(asked.after))

    async def find(asked: FindKey) -> EdgeAnswer:
        facts = await use.keys.facts(bytes.fromhex(asked.key_hash))
        is_over = facts is not None and facts.expires_at is not None and facts.expires_at <= feed.now()
        return EdgeAnswer.of(FoundKey(None if is_over else facts))

    async def usage(batch: UsageBatch) -> EdgeAnswer:
        await use.usage.take(batch)
        return EdgeAnswer.of(UsageTaken(batch.id))

    route = partial(EdgeRoute, admit=doorkeeper.admit)
    return [
        route(CHANGES, ChangesAfter, {200: Changes}, changes, summary="What has changed"),
        route(FIND_KEY, FindKey, {200: FoundKey}, find, summary="What is known of a key"),
        route(USAGE, UsageBatch, {200: UsageTaken}, usage, summary="Take in usage", max_body=MAX_USAGE),
    ]
