"""A request's context as a coprocessor sees it: Apollo's names for what the router knows, beside what plugins left there."""

from collections.abc import Mapping
from typing import Any

from gateway.server.config.coprocessor import Selective, Sent
from gateway.server.plugins.stages import Stage

CLAIMS = "apollo::authentication::jwt_claims"
_DEPRECATED = {
    CLAIMS: "apollo_authentication::JWT::claims",
    "apollo::authorization::required_policies": "apollo_authorization::policies::required",
    "apollo::supergraph::operation_name": "operation_name",
    "apollo::supergraph::operation_kind": "operation_kind",
}
_CURRENT = {old: new for new, old in _DEPRECATED.items()}
_JSON = (str, int, float, bool, list, dict, type(None))


def entries_of(stage: Stage, sent: Sent) -> dict[str, Any] | None:
    """The entries that are told; None where the context is not. What is no JSON stays in the process."""
    if sent.context is False:
        return None
    known = {name: value for name, value in stage.context.items() if isinstance(value, _JSON)}
    if stage.claims is not None:
        known[CLAIMS] = dict(stage.claims)
    if isinstance(sent.context, Selective):
        return {name: known[name] for name in sent.context.selective if name in known}
    if sent.context == "all":
        return known
    return {_DEPRECATED.get(name, name): value for name, value in known.items()}


def take_entries(stage: Stage, told: Mapping[str, Any], answered: Mapping[str, Any]) -> None:
    """What was told and has not come back is gone; what came back counts, claims among it."""
    for name in told.keys() - answered.keys():
        _forget(stage, _CURRENT.get(name, name))
    for name, value in answered.items():
        current = _CURRENT.get(name, name)
        if current != CLAIMS:
            stage.context[current] = value
        elif value != stage.claims:
            stage.claims = value


def _forget(stage: Stage, name: str) -> None:
    if name == CLAIMS:
        stage.claims = None
    else:
        stage.context.pop(name, None)
