"""Several jobs of which some wait for others: a directed graph without circles, by how it is built."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from common.ids import new_id
from common.jobs.request import InvalidJobError, JobRequest


class Workflow:
    """Steps with names, in any order in which each stands behind those that it waits for.

    `await enqueue(transaction, *workflow)` asks for all of them.
    """

    def __init__(self) -> None:
        self.id = new_id()
        self._steps: dict[str, JobRequest] = {}

    def add(self, step: str, job: JobRequest, *, after: tuple[str, ...] = ()) -> UUID:
        """Have `job` run once the steps `after` have succeeded; gives its id.

        A step is run for its workflow: it is not unique among others. Raises InvalidJobError.
        """
        unknown = [name for name in after if name not in self._steps]
        if unknown or step in self._steps:
            problem = f"names {unknown[0]}, which is no earlier step" if unknown else f"has {step} already"
            raise InvalidJobError("after" if unknown else "step", problem)
        needed = tuple(dict.fromkeys(self._steps[name].id for name in after))
        self._steps[step] = msgspec.structs.replace(
            job, workflow_id=self.id, step=step, after=needed, unique_key=None
        )
        return job.id

    def __iter__(self) -> Iterator[JobRequest]:
        return iter(self._steps.values())
