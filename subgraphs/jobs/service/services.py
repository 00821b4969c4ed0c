"""All use cases of jobs together, as the doors and the demo are given them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from common.database import Database
from common.jobs import JobKind
from subgraphs.jobs.service.jobs import JobBook
from subgraphs.jobs.service.limits import Limits
from subgraphs.jobs.service.queues import Queues
from subgraphs.jobs.service.recurring import RecurringJobs
from subgraphs.jobs.service.workers import Workers


@dataclass(frozen=True)
class Services:
    jobs: JobBook
    queues: Queues
    limits: Limits
    recurring: RecurringJobs
    workers: Workers

    @classmethod
    def of(
        cls,
        database: Database,
        kinds: Mapping[str, JobKind[Any]] | None = None,
        wake: asyncio.Event | None = None,
    ) -> Self:
        """`kinds` are those that may be asked for by name; `wake` is set when there may be jobs to take."""
        wake = wake or asyncio.Event()
        return cls(
            jobs=JobBook(database, kinds or {}, wake),
            queues=Queues(database, wake),
            limits=Limits(database, wake),
            recurring=RecurringJobs(database),
            workers=Workers(database),
        )
