"""What a client sees of a subgraph's errors."""

import logging
from functools import cache
from typing import Any

from gateway.server.config import RouterConfig
from gateway.server.config.subgraph_errors import ErrorRule

_log = logging.getLogger("hansa.router")
_MESSAGE = "Subgraph errors redacted"
_CODE = "SUBREQUEST_ERROR"


class ErrorMask:
    """Redacts a subgraph's errors as the configuration says, by default all of them; the log has every one in full."""

    def __init__(self, config: RouterConfig) -> None:
        self._rule = cache(config.include_subgraph_errors.of)

    def __call__(self, subgraph: str, error: dict[str, Any]) -> dict[str, Any]:
        """What is shown of the error, but always the subgraph's name; its path is kept."""
        _log.warning(
            "Subgraph %s answered an error", subgraph, extra={"data": {"subgraph": subgraph, "error": error}}
        )
        rule = self._rule(subgraph)
        if rule is True:
            return error
        if isinstance(rule, ErrorRule):
            return _by_rule(rule, subgraph, error)
        redacted = {"message": _MESSAGE, "extensions": {"code": _CODE, "service": subgraph}}
        return {**redacted, "path": error["path"]} if "path" in error else redacted


def _by_rule(rule: ErrorRule, subgraph: str, error: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in error.get("extensions", {}).items() if rule.lets(key)}
    message = _MESSAGE if rule.redact_message else error["message"]
    return {**error, "message": message, "extensions": {**shown, "service": subgraph}}
