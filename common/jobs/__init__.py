"""Background jobs for every service: kinds of jobs as typed functions, asked for in the caller's own transaction."""

from common.jobs.installed import installed_jobs, installed_worker
from common.jobs.kind import JobKind, Jobs
from common.jobs.outcomes import Cancel, Discard, Retry, Snooze
from common.jobs.policy import Backoff, Priority, Unique
from common.jobs.request import InvalidJobError, JobRequest, JobsRequested, enqueue
from common.jobs.run import Run
from common.jobs.worker import WorkerOptions, WorkerProgram
from common.jobs.workflow import Workflow

__all__ = (
    "Backoff",
    "Cancel",
    "Discard",
    "InvalidJobError",
    "JobKind",
    "JobRequest",
    "Jobs",
    "JobsRequested",
    "Priority",
    "Retry",
    "Run",
    "Snooze",
    "Unique",
    "WorkerOptions",
    "WorkerProgram",
    "Workflow",
    "enqueue",
    "installed_jobs",
    "installed_worker",
)
