"""The matrix: each failpoint of each service, and what happens to the process there, while checkouts are under way."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from common import failpoints
from tests.chaos.checkout.buying import STORIES, Customer
from tests.chaos.checkout.processes import SERVICES
from tests.chaos.checkout.world import World

REACHED_WITHIN = 60.0  # seconds; then the case has failed: nobody came by
ENDED_WITHIN = 120.0
STOPPED_FOR = 2.5  # seconds, longer than a lease here

KERNEL = ("outbox.", "consumer.", "idempotency.")
"""What of the kernel a sale comes by, in payments and in inventory."""

ELSEWHERE = (
    "consumer.before_park",  # only a defect comes by: tests/integration/kernel brings one about
    "inventory.release.",  # the owner gives back what no checkout has
    "payments.once.",  # operators' own doors
    "payments.pay_out.",
    "stock.",  # work in the warehouse
)
"""Where no sale comes by. Each has a test beside what it belongs to."""


class Action(StrEnum):
    """KILL: it dies. STOP: it is stopped, another does its work, then it goes on. BREAK: its connections end under it."""

    KILL = "kill"
    STOP = "stop"
    BREAK = "break"


@dataclass(frozen=True)
class Case:
    service: str
    failpoint: str
    action: Action

    def __str__(self) -> str:
        return f"{self.service} {self.failpoint} {self.action}"


def all_cases(actions: Iterable[Action]) -> list[Case]:
    """Every case; a failpoint that is new in the source is among them."""
    return [
        Case(service, failpoint, action)
        for action in actions
        for service, names in _failpoints().items()
        for failpoint in sorted(names)
    ]


def _failpoints() -> Mapping[str, frozenset[str]]:
    kernel = frozenset(name for name in failpoints.names("common") if name.startswith(KERNEL))
    payments = failpoints.names("subgraphs.payments")
    in_worker = frozenset(name for name in payments if name.startswith("payments.ship."))
    found = {
        "payments": payments - in_worker | kernel,
        "inventory": failpoints.names("subgraphs.inventory") | kernel,
        "provider": failpoints.names("subgraphs.provider"),
        "jobs": in_worker,
    }
    return {
        service: frozenset(name for name in names if not name.startswith(ELSEWHERE))
        for service, names in found.items()
    }


def rounds(cases: Sequence[Case]) -> list[tuple[Case, ...]]:
    """The cases by rounds: in each one case of every service that has some left, all with the same action."""
    by_action = ([case for case in cases if case.action is action] for action in Action)
    return [
        tuple(case for case in together if case is not None)
        for chosen in by_action
        for together in zip_longest(
            *([case for case in chosen if case.service == service] for service in SERVICES)
        )
    ]


async def run(world: World, cases: Sequence[Case], stories: Iterable[str]) -> Mapping[str, str]:
    """How each customer's checkout ended; they meet services that all fail at their failpoints.

    Raises:
        TimeoutError: nobody came by a failpoint, or a checkout did not end.
    """
    for case in cases:
        await world.start(
            case.service, f"{case.failpoint}:{'kill' if case.action is Action.KILL else 'pause'}"
        )
    name = " ".join(map(str, cases))
    customers = {story: Customer(world, f"{name} {story}", STORIES[story]) for story in stories}
    async with asyncio.timeout(ENDED_WITHIN), asyncio.TaskGroup() as group:
        sales = {story: group.create_task(customer.buy()) for story, customer in customers.items()}
        for case in cases:
            group.create_task(_fail(world, case))
    return {story: sale.result() for story, sale in sales.items()}


async def _fail(world: World, case: Case) -> None:
    """Wait until the process has come to the failpoint, do to it what the case says, and let another work."""
    process = world.processes[case.service]
    async with asyncio.timeout(REACHED_WITHIN):
        while process.is_alive and not process.is_stopped:  # noqa: ASYNC110 - it watches a process
            await asyncio.sleep(0.02)
    if case.action is Action.KILL:
        assert process.was_killed, f"{case}: it ended by itself"
        await world.start(case.service)
        return
    if case.action is Action.BREAK:
        await world.break_connections(case.service)
        process.go_on()
        return
    await world.start_beside(case.service)
    await asyncio.sleep(STOPPED_FOR)
    process.go_on()
    await asyncio.sleep(STOPPED_FOR)
    await process.kill()
