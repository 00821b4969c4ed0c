"""What is to be seen of the processes that run jobs."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class WorkerInfo(Struct, frozen=True, kw_only=True):
    """A process that runs jobs and told so a moment ago."""

    id: UUID
    host: str
    pid: int
    queues: list[str]
    concurrency: int
    started_at: datetime
    beat_at: datetime
    is_draining: bool
    running: int
