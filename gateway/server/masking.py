"""What a client sees of a subgraph's errors."""

import logging
from typing import Any

from gateway.server.config import RouterConfig

_log = logging.getLogger("hansa.router")
_MESSAGE = "Subgraph errors redacted"
_CODE = "SUBREQUEST_ERROR"


class ErrorMask:
    """Redacts a subgraph's errors unless the configuration includes them; the log has every one in full."""

    def __init__(self, config: RouterConfig) -> None:
        self._includes = config.includes_errors

    def __call__(self, subgraph: str, error: dict[str, Any]) -> dict[str, Any]:
        """The error as it is, or one that tells the subgraph's name and no more; its path is kept."""
        _log.warning(
            "Subgraph %s answered an error", subgraph, extra={"data": {"subgraph": subgraph, "error": error}}
        )
        if self._includes(subgraph):
            return error
        redacted = {"message": _MESSAGE, "extensions": {"code": _CODE, "service": subgraph}}
        return {**redacted, "path": error["path"]} if "path" in error else redacted
