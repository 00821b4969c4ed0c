"""The nodes of a plan, compiled to what runs them."""

import asyncio
from collections.abc import Sequence as Ordered

from gateway.execution.context import Execution
from gateway.execution.entity_fetch import compile_entity_fetch
from gateway.execution.root_fetch import compile_root_fetch
from gateway.execution.runner import Runner
from gateway.planning.plan import Condition, Fetch, Parallel, PlanNode, Sequence, Subscription


def compile_node(node: PlanNode, interfaces: frozenset[str]) -> Runner:
    match node:
        case Fetch():
            return compile_entity_fetch(node, interfaces) if node.entities else compile_root_fetch(node)
        case Sequence(nodes):
            return _one_after_another([compile_node(child, interfaces) for child in nodes])
        case Parallel(nodes):
            return _at_the_same_time([compile_node(child, interfaces) for child in nodes])
        case Condition():
            return _compile_condition(node, interfaces)
        case Subscription():
            raise NotImplementedError("Subscriptions are not executed")


def _one_after_another(runners: Ordered[Runner]) -> Runner:
    async def run(execution: Execution) -> None:
        for runner in runners:
            await runner(execution)

    return run


def _at_the_same_time(runners: Ordered[Runner]) -> Runner:
    *others, last = runners

    async def run(execution: Execution) -> None:
        async with asyncio.TaskGroup() as group:
            for runner in others:
                group.create_task(runner(execution))
            await last(execution)

    return run


def _compile_condition(node: Condition, interfaces: frozenset[str]) -> Runner:
    variable = node.variable
    if_true = _nothing if node.if_clause is None else compile_node(node.if_clause, interfaces)
    if_false = _nothing if node.else_clause is None else compile_node(node.else_clause, interfaces)

    async def run(execution: Execution) -> None:
        await (if_true if execution.variables.get(variable) else if_false)(execution)

    return run


async def _nothing(execution: Execution) -> None:
    pass
