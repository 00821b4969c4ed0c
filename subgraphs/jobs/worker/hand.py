"""What a worker has in its hand: jobs that wait, jobs that run, and outcomes that the database does not know yet."""

from collections import deque
from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

from subgraphs.jobs.store.claiming import Claimed, Settled, Succeeded
from subgraphs.jobs.worker.execution import Execution, Outcome

LONG = 0.05  # seconds from which on a worker takes no more than it can run: others may be free sooner
_SMOOTHING = 0.05
MAX_TOLD = 200  # outcomes that need not wait for more


class Told(Struct):
    """Outcomes and progress that are on their way to the database."""

    succeeded: list[Succeeded]
    settled: list[Settled]
    progress: dict[tuple[UUID, int], tuple[float, str]]

    def __len__(self) -> int:
        return len(self.succeeded) + len(self.settled)


class Hand:
    """Bounded: never more than twice `concurrency`, counted until the database has heard of the outcome."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.waiting: deque[Claimed] = deque()
        self.running: dict[UUID, Execution] = {}
        self.told = Told([], [], {})
        self._duration = 0.0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.running) + len(self.told)

    @property
    def limit(self) -> int:
        return self.concurrency if self._duration > LONG else 2 * self.concurrency

    @property
    def room(self) -> int:
        """How many jobs more it may take."""
        return max(self.limit - len(self), 0)

    @property
    def has_enough_to_tell(self) -> bool:
        return len(self.told) >= min(MAX_TOLD, self.concurrency)

    def ids(self) -> list[UUID]:
        """All jobs that are in it."""
        told: list[Outcome] = [*self.told.succeeded, *self.told.settled]
        return [*(job.id for job in self.waiting), *self.running, *(each.id for each in told)]

    def finish(self, execution: Execution, outcome: Outcome | None, seconds: float) -> None:
        """A job has run."""
        del self.running[execution.job.id]
        self.told.progress.pop((execution.job.id, execution.job.attempt), None)
        self._duration += _SMOOTHING * (seconds - self._duration)
        if isinstance(outcome, Succeeded):
            self.told.succeeded.append(outcome)
        elif outcome is not None:
            self.told.settled.append(outcome)

    def forget(self, told: Told) -> None:
        """The database knows these; what has come since stays."""
        del self.told.succeeded[: len(told.succeeded)]
        del self.told.settled[: len(told.settled)]
        for key, value in told.progress.items():
            if self.told.progress.get(key) == value:
                del self.told.progress[key]

    def snapshot(self) -> Told:
        """What there is to tell now."""
        return Told(list(self.told.succeeded), list(self.told.settled), dict(self.told.progress))

    def put_back(self) -> Iterable[Claimed]:
        """The jobs that have not begun; they are in it no longer."""
        waiting, self.waiting = self.waiting, deque()
        return waiting
