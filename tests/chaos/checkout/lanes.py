"""What a service meets: its cases one after another, while customers buy and the other services meet theirs."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

from tests.chaos.checkout.cases import Action, Case
from tests.chaos.checkout.processes import ServiceProcess
from tests.chaos.checkout.world import World

REACHED_WITHIN = 90.0  # seconds; then the case has failed: nobody came by
STOPPED_FOR = 3.0  # seconds, longer than any lease here
HEARD_FOR = 1.0  # seconds in which who was taken for dead says what it had to say

Say = Callable[[str], None]


class Lane:
    """One service; a process that a case has ended is followed by one that is armed for the next."""

    def __init__(self, world: World, service: str, cases: Sequence[Case], say: Say) -> None:
        self._world = world
        self._service = service
        self._cases = cases
        self._say = say
        self._is_running = True
        self.failed = 0

    async def run(self, restart_every: int) -> None:
        """Meet all cases; PostgreSQL and NATS restart under way in each `restart_every`-th, if that is above zero."""
        clock = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for number, case in zip(count(1), self._cases, strict=False):
                began, problem = clock.time(), ""
                is_restarting = restart_every > 0 and number % restart_every == 0
                restart = group.create_task(self._world.restart_servers()) if is_restarting else None
                try:
                    await self._meet(case, group)
                except (TimeoutError, AssertionError) as error:
                    problem, self.failed = f": {error!r}", self.failed + 1
                if restart is not None:
                    await restart
                name = f"{case}{'; servers restarted' if is_restarting else ''}"
                self._say(f"{'FAIL' if problem else 'ok  '} {clock.time() - began:.1f} s {name}{problem}")
            if not self._is_running:
                await self._world.start(self._service)

    async def _meet(self, case: Case, group: asyncio.TaskGroup) -> None:
        """Wait until the process has come to the failpoint, and do to it what the case says."""
        if self._is_running:
            self._world.processes[self._service].arm(case.setting)
        else:
            await self._world.start(self._service, case.setting)
            self._is_running = True
        process = self._world.processes[self._service]
        async with asyncio.timeout(REACHED_WITHIN):
            while process.is_alive and not process.is_stopped:  # noqa: ASYNC110 - it watches a process
                await asyncio.sleep(0.02)
        self._is_running = process.is_alive
        match case.action:
            case Action.KILL:
                assert process.was_killed, "it ended by itself"
            case Action.BREAK:
                await self._world.break_connections(self._service)
                process.go_on()
            case Action.STOP:
                self._is_running = False
                group.create_task(_hear_out(self._world.set_aside(self._service)))


async def _hear_out(process: ServiceProcess) -> None:
    """Let a process that was stopped go on when others have its work, which it does not know."""
    await asyncio.sleep(STOPPED_FOR)
    process.go_on()
    await asyncio.sleep(HEARD_FOR)
    await process.kill()
