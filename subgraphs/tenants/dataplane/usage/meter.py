"""The counters that requests add to, and the batches that they become.

There is one segment that is counted in, and at most one that waits to be taken: while the control plane is away usage adds
up in the same counters, so what is kept is bounded by who asks, and not by how often. A batch's id is in its file's
name, and so is the same when it is sent again by another process.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from common.failpoints import failpoint
from subgraphs.tenants.dataplane.control import UsageBatch
from subgraphs.tenants.dataplane.usage.segment import Cell, Label, Segment, read

_OPEN, _SEALED = ".open", ".sealed"
_HOUR = 3600


class DirectoryInUseError(OSError):
    """Another process counts in this directory."""


class Meter:
    """Counts in files in `directory`, which is this process's alone. What an earlier one left there is sealed.

    Raises DirectoryInUseError, OSError.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise DirectoryInUseError(f"{directory} is in use by another process") from None
        for left in directory.glob(f"*{_OPEN}"):
            left.rename(left.with_suffix(_SEALED))
        self._segment = self._begin()

    def cell(self, label: Label) -> Cell:
        """Where the usage of `label` is counted now; to be used at once, since segments change.

        A full segment becomes a batch before its time.
        """
        hour = int(self._clock()) // _HOUR
        cell = self._segment.cell(hour, label)
        if cell is None:
            self.seal()
            cell = self._segment.cell(hour, label)
        assert cell is not None, "a new segment has room"
        return cell

    def seal(self) -> None:
        """What was counted becomes a batch. Raises OSError; then it goes on as before."""
        full, self._segment = self._segment, self._begin()
        failpoint("usage.seal.before_rename")
        full.path.rename(full.path.with_suffix(_SEALED))
        failpoint("usage.seal.after_rename")

    def sealed(self) -> Path | None:
        """The file of the next batch: one that waits already, else what was counted until now; None where that is nothing."""
        waiting = min(self._directory.glob(f"*{_SEALED}"), default=None)
        if waiting is None and len(self._segment):
            self.seal()
            return self.sealed()
        return waiting

    def close(self) -> None:
        self._segment.flush()
        os.close(self._lock)

    def _begin(self) -> Segment:
        return Segment(self._directory / f"{uuid4()}{_OPEN}")


def batch_in(sealed: Path) -> UsageBatch:
    """What was counted in the file, which is on the disk from now on; once it is taken, the file is of no use."""
    with sealed.open("rb") as file:
        os.fsync(file.fileno())
    return UsageBatch(sealed.stem, tuple(read(sealed)))
