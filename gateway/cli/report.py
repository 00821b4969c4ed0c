"""Composition errors and hints as a person reads them: the code, the place, and the line it stands on."""

import re
from collections.abc import Iterator, Mapping

from gateway.composition import CompositionError, CompositionHint, CompositionResult, SourceLocation

_TOKEN = re.compile(r"[@$]?\w+|.")
_LINE_TERMINATOR = re.compile(r"\r\n|\n|\r")  # those of GraphQL (2.1.2), fewer than Python's


def report(result: CompositionResult, sources: Mapping[str, str]) -> Iterator[str]:
    """Lines for every error and for every hint above DEBUG; `sources` are the SDL texts by subgraph."""
    for error in result.errors:
        yield from _diagnostic("error", error, sources)
    for hint in result.hints:
        if hint.level != "DEBUG":
            yield from _diagnostic("warning" if hint.level == "WARN" else "note", hint, sources)
    if result.errors:
        yield f"The subgraphs do not compose: {_count(len(result.errors), 'error')}"


def _diagnostic(
    kind: str, found: CompositionError | CompositionHint, sources: Mapping[str, str]
) -> Iterator[str]:
    yield f"{kind}[{found.code}]: {found.message}"
    for location in found.locations:
        yield f"  --> {location.subgraph}:{location.line}:{location.column}"
        yield from _excerpt(location, sources.get(location.subgraph, ""))
    yield ""


def _excerpt(location: SourceLocation, sdl: str) -> Iterator[str]:
    lines = _LINE_TERMINATOR.split(sdl)
    if not 0 < location.line <= len(lines):
        return
    text = lines[location.line - 1]
    token = _TOKEN.match(text, location.column - 1)
    number = str(location.line)
    # Tabs stay tabs before the mark, so that it stands under the text at any width of a tab.
    indent = re.sub(r"[^\t]", " ", text[: location.column - 1])
    yield f"  {number} | {text}"
    yield f"  {' ' * len(number)} | {indent}{'^' * (len(token[0]) if token else 1)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
