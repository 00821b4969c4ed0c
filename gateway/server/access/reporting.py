"""How a client and the log are told of what was refused."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from gateway.execution import EncodedResult, ExecutionResult
from gateway.planning.plan import QueryPlan
from gateway.planning.refusal import RefusedPath
from gateway.server.config.access import Directives
from gateway.server.errors import RequestError

Result: TypeAlias = ExecutionResult | EncodedResult
Extensions: TypeAlias = dict[str, Any] | None
CODE = "UNAUTHORIZED_FIELD_OR_TYPE"
_log = logging.getLogger("hansa.router")


class Reporting:
    """Reports as Apollo's `authorization.directives.errors` says."""

    def __init__(self, config: Directives) -> None:
        self._rejects = config.reject_unauthorized and not config.dry_run
        self._logs = config.errors.log
        self._response = config.errors.response

    def errors(self, plan: QueryPlan, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One error for each path of the plan that is refused in this request.

        Raises RequestError where the configuration rejects such requests as a whole.
        """
        paths = [list(refused.path) for refused in plan.refused if _is_asked_for(refused, variables)]
        if paths and self._logs:
            name = plan.operation.name.value if plan.operation.name else None
            data = {"operation_name": name, "paths": paths}
            _log.warning("Unauthorized fields or types were asked for", extra={"data": data})
        errors = [_error(path) for path in paths]
        if errors and self._rejects:
            raise RequestError(403, errors, well_formed=True)
        return errors

    def report(
        self, errors: Sequence[dict[str, Any]], result: Result, extensions: Extensions
    ) -> tuple[Result, Extensions]:
        """The result and its extensions with `errors` where the client is told of them."""
        if not errors or self._response == "disabled":
            return result, extensions
        if self._response == "extensions":
            return result, {**(extensions or {}), "authorizationErrors": list(errors)}
        return ExecutionResult(result.data, [*errors, *result.errors]), extensions


def _is_asked_for(refused: RefusedPath, variables: Mapping[str, Any]) -> bool:
    return any(
        all(bool(variables.get(name)) is wanted for name, wanted in conditions)
        for conditions in refused.conditions
    )


def _error(path: list[str]) -> dict[str, Any]:
    return {"message": "Unauthorized field or type", "path": path, "extensions": {"code": CODE}}
