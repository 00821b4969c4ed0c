"""The kinds of jobs that are installed, and what their functions need, opened once in a worker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from common.jobs import JobKind, Jobs


class Registry:
    """`Jobs` of several packages together. Raises ValueError when two bring one kind."""

    def __init__(self, installed: Mapping[str, Jobs[Any]]) -> None:
        self._installed = tuple(installed.values())
        self.kinds: dict[str, JobKind[Any]] = {}
        for jobs in self._installed:
            if twice := self.kinds.keys() & jobs.kinds.keys():
                raise ValueError(f"two packages bring the job {min(twice)}")
            self.kinds |= jobs.kinds

    @asynccontextmanager
    async def opened(self, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        """What the functions need, by kind."""
        async with AsyncExitStack() as stack:
            resources: dict[str, Any] = {}
            for jobs in self._installed:
                opened = await stack.enter_async_context(jobs.open(environment))
                resources |= dict.fromkeys(jobs.kinds, opened)
            yield resources
