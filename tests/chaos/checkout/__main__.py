"""`python -m tests.chaos.checkout`: the crash matrix of checkouts.

    --action kill|stop|break   which of them; all by default
    --only TEXT                cases whose name has TEXT in it
    --sample N                 N of the cases, spread evenly
    --short                    fewer customers at a time
    --restart-every N          PostgreSQL and NATS restart under way in each N-th case of payments (5)

Customers buy all the while, and each service meets its cases one after another beside the others. It prints each case and what
was wrong in the end, and exits with 1 if anything was.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.checkout.audit import audit
from tests.chaos.checkout.buying import SHORT, STORIES, Market
from tests.chaos.checkout.cases import Action, Case, all_cases
from tests.chaos.checkout.lanes import Lane
from tests.chaos.checkout.processes import SERVICES
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
    """0 when every case was met, everyone was served as they must be, and nothing is wrong in the end."""
    with tempfile.TemporaryDirectory(prefix="hansa-chaos-") as directory:
        async with running_world(Path(directory)) as world:
            market = Market(world, stories)
            failed = await _meet(world, market, cases, restart_every)
            wrong = market.wrong + await audit(world)
        if failed or wrong:
            say((Path(directory) / "log").read_text()[-20_000:])
    for fault in wrong:
        say(f"WRONG {fault}")
    for (story, ending), count in sorted(market.ended.items()):
        say(f"{count:5} {story}: {ending}")
    say(f"{len(cases)} cases, {market.ended.total()} checkouts, {failed} cases failed, {len(wrong)} faults")
    return 1 if failed or wrong else 0


async def _meet(world: World, market: Market, cases: Sequence[Case], restart_every: int) -> int:
    """How many cases failed, while customers buy."""
    by_service = {name: [case for case in cases if case.service == name] for name in SERVICES}
    lanes = [Lane(world, name, own, say) for name, own in by_service.items()]
    buying = asyncio.create_task(market.run())
    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(lane.run(restart_every if lane is lanes[0] else 0))
    market.is_closed = True
    await buying
    return sum(lane.failed for lane in lanes)


def say(line: str) -> None:
    """Tell the one who runs it."""
    print(line, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
