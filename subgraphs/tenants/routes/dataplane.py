"""The doors of data planes, as `dataplane/control.py` says: what has changed, what a key is, what was used."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute
from common.database import RetryableError
from common.errors import OverloadedError
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

AskedT = TypeVar("AskedT")

MAX_USAGE = 4 * 1024 * 1024
LONGEST_WAIT = 5.0  # seconds; a process that is told to stop waits for the answers that it holds back


def routes(use: UseCases, feed: Feed, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The doors over `use`."""

    @_answering
    async def changes(asked: ChangesAfter) -> EdgeAnswer:
        if asked.after and asked.wait:
            await feed.wait(asked.after, min(asked.wait, LONGEST_WAIT))
        return EdgeAnswer.of(await use.data_planes.changes(asked.after))

    @_answering
    async def find(asked: FindKey) -> EdgeAnswer:
        facts = await use.keys.facts(bytes.fromhex(asked.key_hash))
        is_over = facts is not None and facts.expires_at is not None and facts.expires_at <= feed.now()
        return EdgeAnswer.of(FoundKey(None if is_over else facts))

    @_answering
    async def usage(batch: UsageBatch) -> EdgeAnswer:
        await use.usage.take(batch)
        return EdgeAnswer.of(UsageTaken(batch.id))

    route = partial(EdgeRoute, admit=doorkeeper.admit)
    return [
        route(CHANGES, ChangesAfter, {200: Changes}, changes, summary="What has changed"),
        route(FIND_KEY, FindKey, {200: FoundKey}, find, summary="What is known of a key"),
        route(USAGE, UsageBatch, {200: UsageTaken}, usage, summary="Take in usage", max_body=MAX_USAGE),
    ]


def _answering(
    answer: Callable[[AskedT], Awaitable[EdgeAnswer]],
) -> Callable[[AskedT], Awaitable[EdgeAnswer]]:
    """The door's `answer`, which says so while the database cannot be asked: data planes then ask again."""

    async def answer_or_refuse(asked: AskedT) -> EdgeAnswer:
        try:
            return await answer(asked)
        except RetryableError:
            raise OverloadedError("The database cannot be asked now; try again in a moment") from None

    return answer_or_refuse
