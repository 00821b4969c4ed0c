"""The kinds of jobs that the service brings itself, for everyone to try from the playground: a harbour at work."""

import asyncio

from msgspec import Struct

from common.jobs import Backoff, Jobs, Priority, Run
from common.jobs.outcomes import Retry

jobs: Jobs[None] = Jobs("harbour")

MAX_CRATES = 1_000


class Loaded(Struct, frozen=True):
    """What a ship carries after it was loaded."""

    ship: str
    crates: int


@jobs.job(is_public=True)
async def ring_bell(_run: Run[None], times: int = 1) -> str:
    """Ring the harbour's bell."""
    return " ".join(["dong"] * min(max(times, 1), MAX_CRATES))


@jobs.job(is_public=True, timeout=120.0)
async def load_ship(run: Run[None], ship: str, crates: int = 5) -> Loaded:
    """Load a ship crate by crate, a tenth of a second each, telling of progress."""
    count = min(max(crates, 1), MAX_CRATES)
    for crate in range(1, count + 1):
        await asyncio.sleep(0.1)
        run.progress(crate / count, f"crate {crate} of {count}")
    return Loaded(ship, count)


@jobs.job(is_public=True)
def weigh_cargo(run: Run[None], weights: list[int]) -> int:
    """Add weights up, in a thread."""
    total = 0
    for weight in weights:
        run.check_cancelled()
        total += weight
    return total


@jobs.job(is_public=True, max_attempts=5, backoff=Backoff(base=0.5, cap=5.0), priority=Priority.HIGH)
async def hail_pilot(run: Run[None], answers_at: int = 3) -> str:
    """Hail a pilot who does not answer the first time."""
    if run.attempt < answers_at:
        raise Retry("no answer")
    return f"the pilot answered at attempt {run.attempt}"
