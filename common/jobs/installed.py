"""The kinds of jobs, and who runs them, that installed packages bring."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from common.jobs.kind import Jobs
from common.jobs.worker import WorkerProgram

JOBS_GROUP = "hansa.jobs"
WORKERS_GROUP = "hansa.workers"


def installed_jobs() -> Mapping[str, Jobs[Any]]:
    """The `Jobs` of all packages, by the name of their entry point."""
    return {point.name: point.load() for point in entry_points(group=JOBS_GROUP)}


def installed_worker() -> tuple[str, WorkerProgram] | None:
    """The program that runs jobs, and the name of the service whose database it works in; None when there is none."""
    for point in entry_points(group=WORKERS_GROUP):
        return point.name, point.load()
    return None
