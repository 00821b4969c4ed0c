"""Answers in parts (`@defer`): what is not deferred first, then each part when its fetches are done.

Which parts are deferred is a matter of the variables of `if:`. One that is not belongs to the answer, or to the part,
around it, and is fetched with that.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from gateway.execution.completion import DeferredShape, DeferredShapes
from gateway.execution.context import Execution, RequestContext
from gateway.execution.errors import ErrorLog, FormattedError, Position
from gateway.execution.merge import copy, merge
from gateway.execution.paths import Object, compile_locator
from gateway.execution.result import Patch, Payload
from gateway.execution.runner import Runner
from gateway.planning.plan import Defer, Deferred, PlanNode


class Parts:
    """The first answer and the deferred parts of one plan, in its order: each after the one that it is nested in."""

    def __init__(
        self, node: Defer, shapes: DeferredShapes, compile_: Callable[[PlanNode], Runner[Execution]]
    ) -> None:
        self._primary = None if node.primary is None else compile_(node.primary)
        self._deferred = node.deferred
        self._runners = [None if part.node is None else compile_(part.node) for part in node.deferred]
        self._shapes = shapes

    def _owners(self, variables: Mapping[str, Any]) -> list[int | None]:
        """For each part the number of the part that it is delivered with: its own if it is deferred for these values.

        None for what belongs to the first answer.
        """
        owners: list[int | None] = []
        for number, part in enumerate(self._deferred):
            around = None if part.parent is None else owners[part.parent]
            is_deferred = part.variable is None or bool(variables.get(part.variable))
            owners.append(number if is_deferred else around)
        return owners

    def defers(self, variables: Mapping[str, Any]) -> bool:
        """Whether any part is deferred for these values."""
        return any(owner is not None for owner in self._owners(variables))

    async def execute(
        self, variables: Mapping[str, Any], context: RequestContext
    ) -> AsyncGenerator[Payload, None]:
        """The payloads in order. Closing it cancels what is under way."""
        owners = self._owners(variables)
        execution = Execution(variables, context)
        if self._primary is not None:
            await self._primary(execution)
        await self._fetch(None, owners, execution)
        shape = self._shapes.of(variables)
        answer = shape.first.complete(execution.data, variables, execution.errors)
        later = [number for number, owner in enumerate(owners) if owner == number]
        has_next = bool(later) and answer is not None
        yield Payload(answer, execution.errors.errors, has_next=has_next)
        if has_next:
            delivery = _Delivery(self._deferred, shape, execution, answer)
            tasks = self._start(later, owners, execution)
            async for payload in _as_they_are_done(tasks, delivery):
                yield payload

    async def _fetch(self, owner: int | None, owners: Sequence[int | None], execution: Execution) -> None:
        """Fetches all that is delivered with `owner`."""
        for number, runner in enumerate(self._runners):
            if owners[number] == owner and runner is not None:
                await runner(execution)

    def _start(
        self, later: Sequence[int], owners: Sequence[int | None], execution: Execution
    ) -> dict[int, asyncio.Task[ErrorLog]]:
        """A task for each part, which waits for that of the part around it."""
        tasks: dict[int, asyncio.Task[ErrorLog]] = {}

        async def fetch(number: int, before: asyncio.Task[ErrorLog] | None) -> ErrorLog:
            if before is not None:
                await asyncio.wait((before,))
            own = execution.beside()
            await self._fetch(number, owners, own)
            return own.errors

        for number in later:
            parent = self._deferred[number].parent
            around = None if parent is None else owners[parent]
            tasks[number] = asyncio.create_task(fetch(number, None if around is None else tasks[around]))
        return tasks


async def _as_they_are_done(
    tasks: Mapping[int, asyncio.Task[ErrorLog]], delivery: "_Delivery"
) -> AsyncIterator[Payload]:
    waiting = dict(tasks)
    try:
        while waiting:
            await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
            done = [number for number, task in waiting.items() if task.done()]
            logs = [(number, waiting.pop(number).result()) for number in done]
            patches = [patch for number, log in logs for patch in delivery.patches(number, log)]
            if patches or not waiting:
                yield Payload(incremental=patches, has_next=bool(waiting))
    finally:
        for task in waiting.values():
            task.cancel()


class _Delivery:
    """What the client has by now: a part is delivered only for objects that it has."""

    def __init__(
        self,
        deferred: Sequence[Deferred],
        shape: DeferredShape,
        execution: Execution,
        answer: dict[str, Any],
    ) -> None:
        self._deferred = deferred
        self._shape = shape
        self._execution = execution
        self._answer = copy(answer)

    def patches(self, number: int, log: ErrorLog) -> Iterator[Patch]:
        part = self._deferred[number]
        for position, value in compile_locator(part.path)(self._execution.data):
            known = _at(self._answer, position)
            if known is None:
                continue
            data = self._shape.complete(number, value, position, self._execution.variables, log)
            if data is not None:
                merge(known, copy(data))
            if data != {}:  # objects of another type than the fragment's have nothing of it
                yield Patch(list(position), data, part.label, _errors_below(position, log))


def _at(answer: Any, position: Position) -> Object | None:
    """The object at a position of the answer, if there is one."""
    value = answer
    for key in position:
        if isinstance(key, str):
            value = value.get(key) if isinstance(value, dict) else None
        else:
            value = value[key] if isinstance(value, list) and key < len(value) else None
    return value if isinstance(value, dict) else None


def _errors_below(position: Position, log: ErrorLog) -> list[FormattedError]:
    """The errors at or below a position, and those that have none."""
    length = len(position)
    return [error for error in log.errors if tuple(error.get("path", position)[:length]) == position]
