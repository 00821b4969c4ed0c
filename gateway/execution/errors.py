"""The errors of one response, and which of its nulls they explain."""

from collections.abc import Callable, Iterable
from typing import Any

FormattedError = dict[str, Any]
Position = tuple[str | int, ...]
"""A place in the response: response keys and list indices."""

MAX_POSITIONS = 100
"""One failure, of a request or of an entity, is reported at so many places of the response at most."""


class FetchError(Exception):
    """A request to a subgraph gave nothing that can be used.

    `code` and `reason` are shown to the client; whatever caused it is chained and only logged.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def formatted(self, subgraph: str) -> FormattedError:
        return {
            "message": f"Request to subgraph '{subgraph}' failed: {self.reason}",
            "extensions": {"code": self.code, "service": subgraph},
        }


Mask = Callable[[str, FormattedError], FormattedError]
"""Changes what a client sees of a subgraph's error: subgraph name, `message` and `extensions`."""


def in_clients_terms(error: FormattedError, subgraph: str, mask: Mask | None) -> FormattedError:
    """A subgraph's error with the subgraph's name, masked; its path and locations are not the client's."""
    shown = {"message": error["message"], "extensions": {**error["extensions"], "service": subgraph}}
    return shown if mask is None else mask(subgraph, shown)


class ErrorLog:
    """Collects errors in the order in which they come."""

    __slots__ = ("_ancestors", "_explained", "errors")

    def __init__(self) -> None:
        self.errors: list[FormattedError] = []
        self._explained: set[Position] = set()
        self._ancestors: set[Position] = set()

    def add(self, error: FormattedError, position: Position) -> None:
        """Add with `position` as its path; the root has none."""
        if position:
            self.explain(position)
            error = {"message": error["message"], "path": list(position), **error}
        self.errors.append(error)

    def add_at_each(self, error: FormattedError, positions: Iterable[Position]) -> None:
        """Add at every position, up to `MAX_POSITIONS`; it explains the nulls of them all."""
        for number, position in enumerate(positions):
            if number < MAX_POSITIONS:
                self.add(error, position)
            else:
                self.explain(position)

    def explain(self, position: Position) -> None:
        """A null at, above or below this position needs no error of its own."""
        self._explained.add(position)
        self._ancestors.update(position[:end] for end in range(len(position)))

    def is_explained(self, position: Position) -> bool:
        if not self._explained:
            return False
        if position in self._ancestors:
            return True
        return any(position[:end] in self._explained for end in range(len(position) + 1))
