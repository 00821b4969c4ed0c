"""Collects errors and hints while composition goes on, so that one run reports everything that is wrong."""

from collections.abc import Iterable

from gateway.composition.result import CompositionError, CompositionHint, HintLevel, SourceLocation


class Diagnostics:
    """The errors and hints found so far, in the order in which they were found."""

    __slots__ = ("errors", "hints")

    def __init__(self) -> None:
        self.errors: list[CompositionError] = []
        self.hints: list[CompositionHint] = []

    def error(
        self,
        code: str,
        message: str,
        coordinate: str | None = None,
        locations: Iterable[SourceLocation | None] = (),
    ) -> None:
        found = CompositionError(
            code=code, message=message, coordinate=coordinate, locations=present(locations)
        )
        self.errors.append(found)

    def hint(
        self,
        code: str,
        level: HintLevel,
        message: str,
        coordinate: str | None = None,
        locations: Iterable[SourceLocation | None] = (),
    ) -> None:
        found = CompositionHint(
            code=code, level=level, message=message, coordinate=coordinate, locations=present(locations)
        )
        self.hints.append(found)


def present(locations: Iterable[SourceLocation | None]) -> tuple[SourceLocation, ...]:
    """Drop the places of elements that no subgraph wrote, such as completed definitions."""
    return tuple(location for location in locations if location is not None)
