"""What a worker has in its hand: jobs that wait, jobs that run, and outcomes that the database does not know yet."""

from collections import deque
from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from subgraphs.jobs.store.claiming import Claimed, Settled, Succeeded
from subgraphs.jobs.worker.execution import Execution, Outcome

SHORT, LONG = 0.005, 0.05  # seconds
_SMOOTHING = 0.05
MAX_TOLD = 200  # outcomes that need not wait for more


class Told(Struct):
    """Outcomes and progress that are on their way to the database."""

    succeeded: list[Succeeded]
    settled: list[Settled]
    progress: dict[tuple[UUID, int], tuple[float, str]]

    def __len__(self) -> int:
        return len(self.succeeded) + len(self.settled)

    def ids(self) -> list[UUID]:
        told: list[Outcome] = [*self.succeeded, *self.settled]
        return [each.id for each in told]


class Exchange(Struct, frozen=True, eq=False):
    """What one transaction is to tell, and for how many jobs there will be places once it has."""

    told: Told
    places: int


class Hand:
    """Bounded: the database never counts more than `limit` jobs as the worker's, whatever of its exchanges has committed."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.waiting: deque[Claimed] = deque()
        self.running: dict[UUID, Execution] = {}
        self.told = Told([], [], {})
        self._exchanges: list[Exchange] = []
        self._duration = LONG  # of a job, until it is known: whoever takes many must be quick

    def __len__(self) -> int:
        """The jobs in it when what is to be told has been."""
        under_way = (max(len(exchange.told), exchange.places) for exchange in self._exchanges)
        return len(self.waiting) + len(self.running) + sum(under_way)

    @property
    def limit(self) -> int:
        """As many jobs as run at once, and more while they are short: others may be free for a long one sooner."""
        ahead = 4 if self._duration < SHORT else 2 if self._duration <= LONG else 1
        return ahead * self.concurrency

    @property
    def room(self) -> int:
        """How many jobs more it may take in the transaction that tells what there is to tell."""
        return max(self.limit - len(self), 0)

    @property
    def batch(self) -> int:
        """Outcomes, or free places, that need not wait for more."""
        return min(max(self.limit // 2, 1), MAX_TOLD)

    def ids(self) -> list[UUID]:
        """All jobs that are in it."""
        told = (told.ids() for told in (self.told, *(exchange.told for exchange in self._exchanges)))
        return [*(job.id for job in self.waiting), *self.running, *(id_ for ids in told for id_ in ids)]

    def finish(self, execution: Execution, outcome: Outcome | None, seconds: float) -> None:
        """A job has run."""
        del self.running[execution.job.id]
        self.told.progress.pop((execution.job.id, execution.job.attempt), None)
        self._duration += _SMOOTHING * (seconds - self._duration)
        if isinstance(outcome, Succeeded):
            self.told.succeeded.append(outcome)
        elif outcome is not None:
            self.told.settled.append(outcome)

    def begin(self, *, takes: bool) -> Exchange:
        """What is to be exchanged now; it must be completed or aborted."""
        exchange = Exchange(self.told, self.room if takes else 0)
        self.told = Told([], [], {})
        self._exchanges.append(exchange)
        return exchange

    def complete(self, exchange: Exchange, jobs: Sequence[Claimed]) -> None:
        """The database knows what was to be told, and gave `jobs`."""
        self._exchanges.remove(exchange)
        self.waiting.extend(jobs)

    def abort(self, exchange: Exchange) -> None:
        """The database may not know: it is to be told again, before what has come since."""
        self._exchanges.remove(exchange)
        told, since = exchange.told, self.told
        self.told = Told(
            told.succeeded + since.succeeded, told.settled + since.settled, told.progress | since.progress
        )

    def put_back(self) -> Iterable[Claimed]:
        """The jobs that have not begun; they are in it no longer."""
        waiting, self.waiting = self.waiting, deque()
        return waiting
