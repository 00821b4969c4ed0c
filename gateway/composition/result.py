"""What composition takes and gives: subgraphs in; a supergraph, or errors, and hints out.

Every value here is frozen and carries no reference to a schema, so that it may be kept, compared and encoded.
"""

from typing import Literal

from msgspec import Struct

HintLevel = Literal["WARN", "INFO", "DEBUG"]


class Subgraph(Struct, frozen=True, kw_only=True):
    """A subgraph to compose: its name, its schema as SDL and the URL that the router asks it at."""

    name: str
    sdl: str
    url: str = ""


class SourceLocation(Struct, frozen=True, order=True):
    """A place in a subgraph's SDL; line and column count from 1."""

    subgraph: str
    line: int
    column: int


class CompositionError(Struct, frozen=True, kw_only=True):
    """Why there is no supergraph: a stable code, a sentence that says what to do, and where."""

    code: str
    message: str
    coordinate: str | None = None
    locations: tuple[SourceLocation, ...] = ()


class CompositionHint(Struct, frozen=True, kw_only=True):
    """Something that composes and yet may not be meant; WARN is the level to look at first."""

    code: str
    message: str
    level: HintLevel
    coordinate: str | None = None
    locations: tuple[SourceLocation, ...] = ()


class CompositionResult(Struct, frozen=True, kw_only=True):
    """Both SDLs are None if and only if there are errors; hints may come with either."""

    supergraph_sdl: str | None = None
    api_schema_sdl: str | None = None
    errors: tuple[CompositionError, ...] = ()
    hints: tuple[CompositionHint, ...] = ()
