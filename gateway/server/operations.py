"""Operations that are ready to run, kept by what they are.

A client sends few operations many times: each is parsed, validated, planned and compiled once. A document's text is the
first, cheap key: it leads to the operation's normal form, by which plans are kept. Requests for one that is being
prepared wait for it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from gateway.server.errors import RequestError
from gateway.server.lru import LeastRecentlyUsed
from gateway.server.operation import Document, Operation

T = TypeVar("T")
_MAX_CHARACTERS = 16_000_000


class Preparing(Protocol):
    """What a `Preparation` does."""

    async def read(self, text: str, operation_name: str | None) -> Document: ...

    async def plan(self, document: Document, override_labels: frozenset[str]) -> Operation: ...


class Asked(NamedTuple):
    """What a client asks for: a document, one of its operations, and the labels of overrides that are on."""

    text: str
    operation_name: str | None = None
    override_labels: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Plan:
    """`asked` is one way to ask for it."""

    operation: Operation
    asked: Asked
    uses: int = 0


class Operations:
    """The operations used last: `max_plans` of them, and four times as many texts.

    `count` is called for each request with whether a plan was there.
    """

    def __init__(
        self,
        preparation: Preparing,
        *,
        count: Callable[[bool], None],
        max_plans: int = 512,
        max_characters: int = _MAX_CHARACTERS,
    ) -> None:
        self._preparation = preparation
        self._count = count
        self._forms = LeastRecentlyUsed[tuple[str, str | None], bytes](
            max_entries=4 * max_plans, max_size=max_characters, size_of=lambda key, _: len(key[0])
        )
        self._plans = LeastRecentlyUsed[tuple[bytes, frozenset[str]], _Plan](
            max_entries=max_plans, max_size=max_characters, size_of=lambda _, plan: len(plan.asked.text)
        )
        self._pending: dict[Hashable, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        """How many plans are kept."""
        return len(self._plans)

    async def get(self, asked: Asked) -> Operation:
        """The operation, prepared now if need be; what preparing raises goes to all who wait, and is not kept."""
        form = self._forms.get(asked[:2])
        known = None if form is None else self._plans.get((form, asked.override_labels))
        plan, was_there = (known, True) if known else await self._once(asked, partial(self._prepare, asked))
        plan.uses += 1
        self._count(was_there)
        return plan.operation

    def most_used(self, count: int) -> list[Asked]:
        """What was asked for most often, first what was asked for most, of the operations that are kept."""
        plans = sorted(self._plans.values(), key=lambda plan: plan.uses, reverse=True)
        return [plan.asked for plan in plans[:count]]

    async def prepare(self, wanted: Iterable[Asked]) -> None:
        """Makes operations ready that are likely to be asked for; one that is not valid any more is passed over."""
        for asked in wanted:
            try:
                await self._once(asked, partial(self._prepare, asked))
            except RequestError:
                continue

    async def _prepare(self, asked: Asked) -> tuple[_Plan, bool]:
        document = await self._preparation.read(asked.text, asked.operation_name)
        key = document.form, asked.override_labels
        plan = self._plans.get(key)
        was_there = plan is not None
        if plan is None:
            plan = await self._once(key, partial(self._plan, asked, document))
        self._forms.put(asked[:2], document.form)
        return plan, was_there

    async def _plan(self, asked: Asked, document: Document) -> _Plan:
        operation = await self._preparation.plan(document, asked.override_labels)
        plan = _Plan(operation, asked)
        self._plans.put((document.form, asked.override_labels), plan)
        return plan

    async def _once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` gives, or the work under way for the same key; it goes on where its callers do not."""
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.create_task(work())
            task.add_done_callback(partial(self._end, key))
        result: T = await asyncio.shield(task)
        return result

    def _end(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        del self._pending[key]
        if not task.cancelled():
            task.exception()  # seen, also where everyone who waited for it is gone
