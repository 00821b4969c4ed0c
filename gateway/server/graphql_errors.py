"""How many errors answers had: by their code, and those of subgraphs by operation and place, too."""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter

_MOST = 1000
_OTHER = "_OTHER"
"""Stands for what comes once there are `_MOST` of a kind: clients name operations, and subgraphs codes."""


class GraphqlErrors:
    """Told only of answers that have errors."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._all = Counter(
            "apollo_router_graphql_error", "Errors in answers, by their code", ["code"], registry=registry
        )
        self._of_subgraphs = Counter(
            "hansa_router_subgraph_errors",
            "Errors of subgraphs in answers; `path` has `@` for a list",
            ["subgraph", "operation", "path", "code"],
            registry=registry,
        )
        self._codes: set[tuple[str, ...]] = set()
        self._places: set[tuple[str, ...]] = set()

    def count(self, errors: Iterable[Mapping[str, Any]], operation: str | None) -> None:
        """The errors of one answer, to an operation of that name."""
        for error in errors:
            extensions = error.get("extensions") or {}
            code = str(extensions.get("code", ""))
            self._all.labels(*_bounded(self._codes, (code,))).inc()
            if "service" in extensions:
                place = (str(extensions["service"]), operation or "", _path(error), code)
                self._of_subgraphs.labels(*_bounded(self._places, place)).inc()


def _bounded(known: set[tuple[str, ...]], labels: tuple[str, ...]) -> tuple[str, ...]:
    if labels not in known:
        if len(known) >= _MOST:
            return (_OTHER,) * len(labels)
        known.add(labels)
    return labels


def _path(error: Mapping[str, Any]) -> str:
    return ".".join("@" if isinstance(step, int) else str(step) for step in error.get("path") or ())
