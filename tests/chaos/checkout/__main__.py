"""`python -m tests.chaos.checkout`: the crash matrix of checkouts.

    --action kill|stop|break   which of them; all by default
    --only TEXT                cases whose name has TEXT in it
    --sample N                 N of the cases, spread evenly
    --short                    fewer customers a case
    --restart-every N          PostgreSQL and NATS restart under way in each N-th round (5)

A round has a case of each service at once. It prints each and what was wrong in the end, and exits with 1 if anything was.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.checkout.audit import audit
from tests.chaos.checkout.buying import SHORT, STORIES
from tests.chaos.checkout.cases import Action, Case, all_cases, rounds, run
from tests.chaos.checkout.world import World, running_world


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.checkout")
    parser.add_argument("--action", action="append", choices=[action.value for action in Action])
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--restart-every", type=int, default=5)
    arguments = parser.parse_args()
    actions = [Action(value) for value in arguments.action or list(Action)]
    cases = [case for case in all_cases(actions) if arguments.only in str(case)]
    if 0 < arguments.sample < len(cases):
        cases = [cases[number * len(cases) // arguments.sample] for number in range(arguments.sample)]
    stories = SHORT if arguments.short else tuple(STORIES)
    sys.exit(asyncio.run(run_matrix(cases, stories, arguments.restart_every)))


async def run_matrix(cases: list[Case], stories: tuple[str, ...], restart_every: int) -> int:
    """0 when every case ended as it must and nothing is wrong in the end."""
    with tempfile.TemporaryDirectory(prefix="hansa-chaos-") as directory:
        async with running_world(Path(directory)) as world:
            failed = 0
            for number, together in enumerate(rounds(cases), 1):
                failed += not await _run(world, together, stories, is_restarting=number % restart_every == 0)
            wrong = await audit(world)
            count = (await world.fetch("SELECT count(*) FROM payments.checkout"))[0][0]
        if failed or wrong:
            say((Path(directory) / "log").read_text()[-20_000:])
    for fault in wrong:
        say(f"WRONG {fault}")
    say(f"{len(cases)} cases, {count} checkouts, {failed} rounds failed, {len(wrong)} faults in the end")
    return 1 if failed or wrong else 0


async def _run(world: World, cases: Sequence[Case], stories: tuple[str, ...], *, is_restarting: bool) -> bool:
    """Whether the round ended as it must."""
    began, ended = time.monotonic(), {}
    problems: list[BaseException] = []
    name = "; ".join(map(str, cases)) + ("; servers restarted" if is_restarting else "")
    try:
        async with asyncio.TaskGroup() as group:
            if is_restarting:
                group.create_task(_restart_soon(world))
            ended = await run(world, cases, stories)
    except* (TimeoutError, AssertionError) as group_of_them:
        problems += group_of_them.exceptions
    if problems:
        say(f"FAIL {name}: {problems}")
        for case in cases:
            await world.start(case.service)
        return False
    endings = ", ".join(f"{story} {ending}" for story, ending in ended.items())
    say(f"ok   {time.monotonic() - began:.1f} s {name}: {endings}")
    return True


def say(line: str) -> None:
    """Tell the one who runs it."""
    print(line, flush=True)  # noqa: T201 - a command's output


async def _restart_soon(world: World) -> None:
    await asyncio.sleep(0.5)
    await world.restart_servers()


if __name__ == "__main__":
    main()
