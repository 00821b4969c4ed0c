"""The composer: subgraph SDLs in; a supergraph that any Apollo-compatible router can run, or errors and hints, out."""

from gateway.composition.compose import compose
from gateway.composition.contracts import contract
from gateway.composition.result import (
    CompositionError,
    CompositionHint,
    CompositionResult,
    SourceLocation,
    Subgraph,
)

__all__ = (
    "CompositionError",
    "CompositionHint",
    "CompositionResult",
    "SourceLocation",
    "Subgraph",
    "compose",
    "contract",
)
