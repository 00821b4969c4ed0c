"""The nodes of a plan, compiled to what runs them, whatever runs a fetch."""

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Ordered
from typing import Protocol, TypeVar

from gateway.execution.runner import Runner
from gateway.planning.plan import Condition, Fetch, Parallel, PlanNode, Sequence


class _State(Protocol):
    @property
    def variables(self) -> Mapping[str, object]: ...


State = TypeVar("State", bound=_State)


def compile_node(node: PlanNode, compile_fetch: Callable[[Fetch], Runner[State]]) -> Runner[State]:
    """Conditions are decided by the variables of each execution."""
    match node:
        case Fetch():
            return compile_fetch(node)
        case Sequence(nodes):
            return _one_after_another([compile_node(child, compile_fetch) for child in nodes])
        case Parallel(nodes):
            return _at_the_same_time([compile_node(child, compile_fetch) for child in nodes])
        case Condition():
            return _compile_condition(node, compile_fetch)


def fetches_of(node: PlanNode, conditions: Mapping[str, bool]) -> list[Fetch]:
    """The fetches that run for these values of the conditions, in the plan's order."""
    match node:
        case Fetch():
            return [node]
        case Sequence(nodes) | Parallel(nodes):
            return [fetch for child in nodes for fetch in fetches_of(child, conditions)]
        case Condition(variable, if_clause, else_clause):
            taken = if_clause if conditions.get(variable) else else_clause
            return [] if taken is None else fetches_of(taken, conditions)


def _one_after_another(runners: Ordered[Runner[State]]) -> Runner[State]:
    async def run(state: State) -> None:
        for runner in runners:
            await runner(state)

    return run


def _at_the_same_time(runners: Ordered[Runner[State]]) -> Runner[State]:
    """The last runs in the caller's task. A task group would do the same, but costs twice as much besides the tasks."""
    *others, last = runners

    async def run(state: State) -> None:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(runner(state)) for runner in others]
        try:
            await last(state)
            for task in tasks:
                await task
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    return run


def _compile_condition(node: Condition, compile_fetch: Callable[[Fetch], Runner[State]]) -> Runner[State]:
    variable = node.variable
    if_true = _nothing if node.if_clause is None else compile_node(node.if_clause, compile_fetch)
    if_false = _nothing if node.else_clause is None else compile_node(node.else_clause, compile_fetch)

    async def run(state: State) -> None:
        await (if_true if state.variables.get(variable) else if_false)(state)

    return run


async def _nothing(_state: object) -> None:
    pass
