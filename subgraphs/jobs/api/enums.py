"""The enumerations of jobs' graph: those of the domain, with what they say to clients."""

import strawberry

from common.jobs import Priority
from subgraphs.jobs.domain.jobs import JobState
from subgraphs.jobs.domain.recurring import CatchUp

__all__ = ["CatchUp", "JobState", "Priority"]

strawberry.enum(
    Priority, name="JobPriority", description="While all have jobs waiting, they share the workers 8:4:2:1."
)
strawberry.enum(
    JobState,
    description="WAITING for other jobs, HELD by a limit, SCHEDULED for later or for another attempt, READY, RUNNING;"
    " then SUCCEEDED, DEAD (no attempt is left) or CANCELLED.",
)
strawberry.enum(CatchUp, description="Which ticks are made up for when nobody was there at their time.")
