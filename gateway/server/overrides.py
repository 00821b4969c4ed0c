"""Which labels of progressive overrides (`@override(label:)`) are on for a request; decided once, at its beginning."""

import logging
import random
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from typing import TypeAlias

from gateway.server.http.request import HttpRequest

LabelPlugin: TypeAlias = Callable[[HttpRequest, frozenset[str]], Iterable[str]]
"""Given a request and the custom labels of the supergraph, the labels that are on. Called on the event loop."""

ENTRY_POINTS = "hansa.override_labels"
_PERCENT = re.compile(r"percent\((\d+(?:\.\d+)?)\)")
_log = logging.getLogger("hansa.router")


class Overrides:
    """Decides for the `labels` that a supergraph has.

    One number is drawn for all labels of the form `percent(x)`: each is on in x of 100 requests, and n of them make
    n + 1 different plans of an operation rather than 2 to the nth. A custom label is on where one of `plugins` says so,
    by default those that installed packages bring; one that fails is logged and its labels are off.
    """

    def __init__(self, labels: frozenset[str], plugins: Sequence[LabelPlugin] | None = None) -> None:
        found = [(label, _PERCENT.fullmatch(label)) for label in labels]
        self._shares = [(label, float(match[1])) for label, match in found if match]
        self._custom = frozenset(label for label, match in found if not match)
        self._plugins = (_installed() if plugins is None else plugins) if self._custom else ()
        self._is_idle = not labels

    def decide(self, request: HttpRequest) -> frozenset[str]:
        """The labels that are on for `request`."""
        if self._is_idle:
            return frozenset()
        drawn = random.random() * 100  # noqa: S311 - a share of requests, no secret
        shared = {label for label, share in self._shares if drawn < share}
        return frozenset(shared.union(*[self._ask(plugin, request) for plugin in self._plugins]))

    def _ask(self, plugin: LabelPlugin, request: HttpRequest) -> frozenset[str]:
        try:
            return self._custom.intersection(plugin(request, self._custom))
        except Exception:  # noqa: BLE001 - whatever a plugin raises costs its own labels, not the request
            _log.exception("A plugin for override labels failed")
            return frozenset()


def _installed() -> list[LabelPlugin]:
    return [entry.load() for entry in entry_points(group=ENTRY_POINTS)]
