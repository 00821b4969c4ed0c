"""What a package that runs jobs brings for `hansa worker`, as an entry point of the group `hansa.workers`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from msgspec import Struct


class WorkerOptions(Struct, frozen=True, kw_only=True):
    """`queues` are served beside one another, `concurrency` jobs run at once, `grace` seconds are left to them at the end."""

    queues: Sequence[str] = ("default",)
    concurrency: int = 20
    grace: float = 20.0


WorkerProgram = Callable[[Mapping[str, str], WorkerOptions], AbstractAsyncContextManager[None]]
"""Works for the length of the block; leaving it drains: nothing new, then what runs is awaited or handed back."""
