"""Room for deep operations: parsing and planning recurse by the nesting of an operation.

An operation nests at most 200 selection sets, its fragments counted: validation refuses more. One level
takes up to a dozen nested calls, so the interpreter's ordinary limit would not do.
"""

import sys
from threading import Lock
from types import TracebackType

_CALLS = 5000


class Nesting:
    """Raises the interpreter's recursion limit while any thread is inside; the limit is that of all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._outside = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._outside = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self._outside, _CALLS))
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setrecursionlimit(self._outside)


deep_nesting = Nesting()
