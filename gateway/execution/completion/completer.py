"""What completes a value, and how it reports what cannot stand in the response."""

from collections.abc import Callable
from typing import Any, TypeAlias

from gateway.execution.errors import ErrorLog, Position

Link: TypeAlias = "tuple[Link, str | int] | None"
"""A position as the client sees it, from its end: cheap to extend, spelled out only for errors."""

Completer = Callable[[Any, Link, ErrorLog], Any]
"""Completes a value that is not null. None where it cannot be: the error is reported by then."""

CODE = "RESPONSE_VALIDATION_FAILED"


def position_of(link: Link) -> Position:
    keys: list[str | int] = []
    while link is not None:
        link, key = link
        keys.append(key)
    return tuple(reversed(keys))


def report_null(log: ErrorLog, link: Link, coordinate: str) -> None:
    """A null where the schema allows none; silent where a reported error is what it comes from."""
    position = position_of(link)
    if not log.is_explained(position):
        message = f"Cannot return null for non-nullable field {coordinate}."
        log.add({"message": message, "extensions": {"code": CODE}}, position)


def report_mismatch(log: ErrorLog, link: Link, coordinate: str, expected: str) -> None:
    """A value that its type cannot hold. The value itself is not shown."""
    message = f"The subgraph's value for {coordinate} is not a valid {expected}."
    log.add({"message": message, "extensions": {"code": CODE}}, position_of(link))


def report_unresolved(log: ErrorLog, link: Link, coordinate: str, abstract: str) -> None:
    """An object of no type that the schema knows for it; silent where its entity could not be fetched."""
    if not log.is_explained(position_of(link)):
        report_mismatch(log, link, coordinate, abstract)
