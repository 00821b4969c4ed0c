"""Operations that are ready to run, kept by what they are.

A client sends few operations many times: each is parsed, validated, planned and compiled once. A document's text is the
first, cheap key: it leads to the operation's normal form, by which plans are kept. Requests for one that is being
prepared wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from gateway.planning.refusal import NOTHING_REFUSED, Refusal
from gateway.server.errors import RequestError
from gateway.server.lru import LeastRecentlyUsed
from gateway.server.operation import Document, Operation
from gateway.supergraph.authorization import Guards

T = TypeVar("T")
_MAX_CHARACTERS = 16_000_000


class Preparing(Protocol):
    """What a `Preparation` does."""

    async def read(self, text: str, operation_name: str | None) -> Document: ...

    async def plan(
        self, document: Document, override_labels: frozenset[str], refusal: Refusal
    ) -> Operation: ...


class Asked(NamedTuple):
    """What a client asks for: a document, one of its operations, the labels of overrides that are on, what is refused."""

    text: str
    operation_name: str | None = None
    override_labels: frozenset[str] = frozenset()
    refusal: Refusal = NOTHING_REFUSED


class _Form(NamedTuple):
    """What is known of a text: its operation's normal form, and the guards that it is behind."""

    digest: bytes
    guards: Guards


_PlanKey: TypeAlias = tuple[bytes, frozenset[str], Refusal]
Decide: TypeAlias = Callable[[Guards], Awaitable[Refusal]]
"""Which of an operation's guards a caller does not pass; called only where there are any."""


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
        self._forms = LeastRecentlyUsed[tuple[str, str | None], _Form](
            max_entries=4 * max_plans, max_size=max_characters, size_of=lambda key, _: len(key[0])
        )
        self._plans = LeastRecentlyUsed[_PlanKey, _Plan](
            max_entries=max_plans, max_size=max_characters, size_of=lambda _, plan: len(plan.asked.text)
        )
        self._pending: dict[Hashable, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        """How many plans are kept."""
        return len(self._plans)

    async def get(self, asked: Asked, decide: Decide | None = None) -> Operation:
        """The operation without what `decide` refuses, prepared now if need be.

        What preparing raises goes to all who wait, and is not kept.
        """
        form = self._forms.get(asked[:2])
        if form is not None and form.guards and decide is not None:
            asked, decide = asked._replace(refusal=await decide(form.guards)), None
        known = None if form is None else self._plans.get(_plan_key(form.digest, asked))
        plan, was_there = (known, True) if known else await self._prepare(asked, decide)
        plan.uses += 1
        self._count(was_there)
        return plan.operation

    async def guards(self, text: str, operation_name: str | None) -> Guards:
        """What an operation's fields are behind. Raises RequestError."""
        form = self._forms.get((text, operation_name))
        if form is None:
            read = partial(self._preparation.read, text, operation_name)
            document = await self._once((text, operation_name), read)
            form = _Form(document.form, document.guards)
            self._forms.put((text, operation_name), form)
        return form.guards

    def most_used(self, count: int) -> list[Asked]:
        """What was asked for most often, first what was asked for most, of the operations that are kept."""
        plans = sorted(self._plans.values(), key=lambda plan: plan.uses, reverse=True)
        return [plan.asked for plan in plans[:count]]

    async def prepare(self, wanted: Iterable[Asked]) -> None:
        """Makes operations ready that are likely to be asked for; one that is not valid any more is passed over."""
        for asked in wanted:
            try:
                await self._prepare(asked, None)
            except RequestError:
                continue

    async def _prepare(self, asked: Asked, decide: Decide | None) -> tuple[_Plan, bool]:
        document = await self._once(asked[:2], partial(self._preparation.read, *asked[:2]))
        form = _Form(document.form, document.guards)
        if form.guards and decide is not None:
            asked = asked._replace(refusal=await decide(form.guards))
        key = _plan_key(form.digest, asked)
        plan = self._plans.get(key)
        was_there = plan is not None
        if plan is None:
            plan = await self._once(key, partial(self._plan, asked, document))
        self._forms.put(asked[:2], form)
        return plan, was_there

    async def _plan(self, asked: Asked, document: Document) -> _Plan:
        operation = await self._preparation.plan(document, *asked[2:])
        plan = _Plan(operation, asked)
        self._plans.put(_plan_key(document.form, asked), plan)
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


def _plan_key(form: bytes, asked: Asked) -> _PlanKey:
    return form, asked.override_labels, asked.refusal
