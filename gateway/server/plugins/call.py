"""What the stages of one client's request share."""

import secrets
from typing import Any, TypedDict

from msgspec import Struct, field
from msgspec.structs import replace

from common.auth.caller import Caller
from gateway.server.exchange import Exchange
from gateway.server.http.request import HttpRequest
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.stages import Claims, Stage

REQUIRED_POLICIES = "apollo::authorization::required_policies"
"""The entry of the context that has the operation's policies by name, with null until somebody decides."""


class Shared(TypedDict):
    """Members that every stage has."""

    context: dict[str, Any]
    claims: Claims | None
    id: str


class Call(Struct):
    """One client's request; an operation of a batch has its own `query`, all share the rest."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    context: dict[str, Any] = field(default_factory=dict)
    query: str = ""

    def shared(self, exchange: Exchange) -> Shared:
        """What a stage has of it."""
        claims = exchange.caller.claims if exchange.caller else None
        return {"context": self.context, "claims": claims, "id": self.id}

    def granted(self, mentioned: frozenset[str]) -> frozenset[str]:
        """Those of the policies that a plugin has set to true in the context."""
        decided = self.context.get(REQUIRED_POLICIES)
        if not isinstance(decided, dict):
            return frozenset()
        return frozenset(name for name in mentioned if decided.get(name) is True)

    def take(self, exchange: Exchange, stage: Stage) -> None:
        """What a request's hooks may have changed counts from now on: headers, claims, the context."""
        self.context = stage.context
        exchange.request = with_headers(exchange.request, stage.headers)
        before = exchange.caller.claims if exchange.caller else None
        if stage.claims is not before:
            exchange.caller = None if stage.claims is None else _caller(stage.claims)


def call_of(exchange: Exchange) -> Call:
    """What the stages of the exchange share; a subscription that another generation began has had none of it yet."""
    if exchange.call is None:
        exchange.call = Call()
    return exchange.call


def with_headers(request: HttpRequest, headers: Headers) -> HttpRequest:
    """The request with other headers."""
    raw = headers.to_bytes()
    return replace(request, headers=dict(raw), raw_headers=raw)


def _caller(claims: Claims) -> Caller:
    scope = claims.get("scope", "")
    scopes = scope.split() if isinstance(scope, str) else scope
    return Caller(subject=str(claims.get("sub", "")), scopes=frozenset(map(str, scopes)), claims=claims)
