"""When files change, seen by looking: editors, mounts and network drives tell in too many different ways."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

Versions: TypeAlias = dict[Path, tuple[int, int]]

POLL_SECONDS = 0.5


def versions(files: Iterable[Path]) -> Versions:
    """When each file was last written, and its size; zeros for one that is not there, as while an editor saves."""
    found = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found[file] = (0, 0)
        else:
            found[file] = (status.st_mtime_ns, status.st_size)
    return found


class FileWatch:
    """Tells that files have changed once they are left alone: half of a configuration may be a valid one, too."""

    def __init__(self) -> None:
        self._noted: Versions = {}
        self._seen: Versions = {}

    def note(self, files: Iterable[Path]) -> None:
        """These are about to be read; what changes from now on is told."""
        found = versions(files)
        self._noted |= found
        self._seen |= found

    def has_changed(self) -> bool:
        """Whether a file is not as it was noted, and all are as they were when this was last asked."""
        found, before = versions(self._noted), self._seen
        self._seen = found
        return found == before and found != self._noted
