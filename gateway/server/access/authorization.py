"""Which guards of an operation a caller passes."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.planning.refusal import Refusal
from gateway.server.access.policies import PolicyFunction
from gateway.server.config.access import Authorization
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.supergraph.authorization import Guard, Guards

if TYPE_CHECKING:  # it loads cryptography
    from common.auth import Caller

_log = logging.getLogger("hansa.router")
_NOTHING: frozenset[str] = frozenset()


class Authorizer:
    """Decides for every request anew; asks `policies` once a request, for those that its operation mentions."""

    def __init__(self, config: Authorization, policies: PolicyFunction | None) -> None:
        self._requires_caller = config.require_authentication
        self._withholds = not config.directives.dry_run
        self._policies = policies

    def admit(self, caller: "Caller | None") -> None:
        """Raises RequestError (401) for an anonymous request where there may be none."""
        if self._requires_caller and caller is None:
            error = error_body("The request is not authenticated", "AUTH_ERROR")
            raise RequestError(401, [error], headers=(("www-authenticate", "Bearer"),))

    async def refusal(self, exchange: Exchange, guards: Guards) -> Refusal:
        """Those of `guards` that the caller does not pass. A policy that nobody grants is denied."""
        caller = exchange.caller
        granted = await self._granted(exchange, mentioned_policies(guards))
        scopes = caller.scopes if caller else _NOTHING
        refused = frozenset(guard for guard in guards if not _passes(guard, caller, scopes, granted))
        return Refusal(refused, self._withholds)

    async def _granted(self, exchange: Exchange, mentioned: frozenset[str]) -> frozenset[str]:
        by_plugins = _NOTHING if exchange.call is None else exchange.call.granted(mentioned)
        if self._policies is None or not mentioned:
            return by_plugins
        try:
            granted = await self._policies(mentioned, exchange.caller, exchange.request)
            return by_plugins | mentioned.intersection(granted)
        except Exception:  # noqa: BLE001 - whatever a function raises costs what it would have granted, not the request
            _log.exception("The function for policies failed")
            return by_plugins


def mentioned_policies(guards: Iterable[Guard]) -> frozenset[str]:
    """The policies that any of `guards` asks for."""
    return frozenset().union(
        *(alternative for guard in guards if guard.kind == "policy" for alternative in guard.alternatives)
    )


def _passes(guard: Guard, caller: "Caller | None", scopes: frozenset[str], granted: frozenset[str]) -> bool:
    if guard.kind == "authenticated":
        return caller is not None
    there = granted if guard.kind == "policy" else scopes
    return any(alternative <= there for alternative in guard.alternatives)
