"""What a job's function is given: which run this is, what its service opened for it, and how to tell of progress."""

from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID

from common.database import Transaction
from common.events import Message
from common.events.inbox import receive
from common.jobs.outcomes import Cancel

R = TypeVar("R")

MAX_NOTE = 200


class Run(Generic[R]):
    """One run of a job, for its function and for any thread; `resources` are what its `Jobs` open in each worker."""

    def __init__(
        self,
        *,
        job_id: UUID,
        kind: str,
        tenant: str,
        attempt: int,
        resources: R,
        on_progress: Callable[[float, str], None] = lambda _fraction, _note: None,
    ) -> None:
        self.job_id = job_id
        self.kind = kind
        self.tenant = tenant
        self.attempt = attempt
        self.resources = resources
        self.is_cancelled = False
        self._on_progress = on_progress

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell how much is done, 0 to 1; it is in the graph a moment later."""
        self._on_progress(min(max(fraction, 0.0), 1.0), note[:MAX_NOTE])

    def check_cancelled(self) -> None:
        """Raise Cancel once somebody asked for it: what a function in a thread does now and then."""
        if self.is_cancelled:
            raise Cancel("asked for")

    async def is_first(self, transaction: Transaction) -> bool:
        """Whether no run of this job has committed this in the service of `transaction` yet.

        A job runs at least once. What it does in a transaction that begins with this has its effect exactly once.
        """
        message = Message(id=self.job_id, subject=self.kind, payload=b"", headers={})
        return await receive(transaction, f"job {self.kind}", message)
