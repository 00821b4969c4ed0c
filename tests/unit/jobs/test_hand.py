"""What a worker has in its hand: bounded whatever of its exchanges commits first, and nothing told twice or never."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_id
from common.jobs import Jobs, Run
from subgraphs.jobs.store.claiming import Claimed, Succeeded
from subgraphs.jobs.worker.execution import Execution
from subgraphs.jobs.worker.hand import Exchange, Hand

jobs: Jobs[None] = Jobs("test")
CONCURRENCY = 3


@jobs.job()
async def noop(_run: Run[None]) -> None:
    """Nothing."""


def claimed() -> Claimed:
    return Claimed(new_id(), noop.name, "", 1, 10, None, "{}", ("default", 2), 0)


def run_one(hand: Hand, seconds: float) -> None:
    """The next job that waits begins and ends."""
    job = hand.waiting.popleft()
    run = Run(job_id=job.id, kind=job.kind, tenant="", attempt=1, resources=None)
    execution = hand.running[job.id] = Execution(job, noop, run)
    hand.finish(execution, Succeeded(job.id, 1, None), seconds)


class Sitting:
    """A hand, the exchanges that are under way, and the jobs that the database counts as the worker's."""

    def __init__(self) -> None:
        self.hand = Hand(CONCURRENCY)
        self.under_way: list[Exchange] = []
        self.database: set[UUID] = set()

    def begin(self) -> None:
        if len(self.under_way) < 2:
            self.under_way.append(self.hand.begin(takes=True))

    def commit(self, place: int) -> None:
        exchange = self.under_way.pop(place % len(self.under_way))
        assert self.database.issuperset(exchange.told.ids()), (
            "what is told is the worker's, and for the first time"
        )
        given_ = [claimed() for _ in range(exchange.places)]
        self.database.difference_update(exchange.told.ids())
        self.database.update(job.id for job in given_)
        self.hand.complete(exchange, given_)

    def roll_back(self, place: int) -> None:
        self.hand.abort(self.under_way.pop(place % len(self.under_way)))


@given(st.lists(st.tuples(st.sampled_from(["begin", "commit", "roll back", "run"]), st.integers(0, 1))))
def test_the_database_never_counts_more_than_its_limit_and_knows_all_in_it(
    steps: list[tuple[str, int]],
) -> None:
    sitting = Sitting()
    hand = sitting.hand
    for step, place in steps:
        match step:
            case "begin":
                sitting.begin()
            case "commit" if sitting.under_way:
                sitting.commit(place)
            case "roll back" if sitting.under_way:
                sitting.roll_back(place)
            case "run" if hand.waiting:
                run_one(hand, seconds=0.04)
        assert len(sitting.database) <= hand.limit == 2 * CONCURRENCY
        assert sorted(hand.ids()) == sorted(sitting.database)


def test_the_shorter_the_jobs_the_more_it_takes_ahead() -> None:
    limits = []
    for seconds in (0.0, 0.02, 1.0):
        hand = Hand(CONCURRENCY)
        for _ in range(100):
            hand.complete(hand.begin(takes=True), [claimed()])
            run_one(hand, seconds)
        limits.append(hand.limit)
    assert limits == [4 * CONCURRENCY, 2 * CONCURRENCY, CONCURRENCY]


def test_what_was_told_in_vain_is_told_again_before_what_came_since() -> None:
    hand = Hand(CONCURRENCY)
    hand.complete(hand.begin(takes=True), [first := claimed(), second := claimed()])
    run_one(hand, 0.0)
    exchange = hand.begin(takes=False)
    exchange.told.progress[first.id, 1] = (0.5, "older")
    hand.told.progress[first.id, 1] = (0.9, "newer")
    run_one(hand, 0.0)
    hand.abort(exchange)
    assert hand.told.ids() == [first.id, second.id]
    assert hand.told.progress == {(first.id, 1): (0.9, "newer")}
