"""Refuses documents that are larger than the limits, or only tells of them (`limits.warn_only`)."""

import logging
from collections.abc import Callable

from graphql import DocumentNode

from gateway.server.config.limits import Limits
from gateway.server.errors import RequestError, error_body
from gateway.server.limits.measuring import Size, sizes

_log = logging.getLogger("hansa.router")


class LimitCheck:
    """Checks every operation of a document; `count` is told each limit that one exceeds, by its key."""

    def __init__(self, limits: Limits, count: Callable[[str], None]) -> None:
        self._limits = limits
        self._count = count

    def check(self, document: DocumentNode) -> None:
        """Raises RequestError with one error for each limit that is exceeded, with Apollo's codes."""
        found: dict[str, str] = {}
        for size in sizes(document):
            found |= self._exceeded(size)
        for key in found:
            self._count(key)
        if not found:
            return
        if not self._limits.warn_only:
            errors = [error_body(message, f"{key.upper()}_LIMIT") for key, message in found.items()]
            raise RequestError(400, errors, well_formed=True)
        _log.warning("An operation exceeds the limits", extra={"data": {"limits": list(found.values())}})

    def _exceeded(self, size: Size) -> dict[str, str]:
        limits = self._limits
        measured = (
            ("max_depth", size.depth, limits.max_depth, "nests fields deeper than {}"),
            ("max_height", size.height, limits.max_height, "has more than {} fields"),
            ("max_aliases", size.aliases, limits.max_aliases, "has more than {} aliases"),
            ("max_root_fields", size.root_fields, limits.max_root_fields, "has more than {} root fields"),
        )
        return {
            key: f"The operation {message.format(limit)}"
            for key, value, limit, message in measured
            if limit is not None and value > limit
        }
