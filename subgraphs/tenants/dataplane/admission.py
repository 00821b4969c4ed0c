"""Whether a request is let through, and to where: its host, its route, its key, how busy the tenant is, and its limits.

The rules are asked in this order, and the first that refuses is named. Nothing here reads a body or asks an upstream.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from common.limiting import Check, Limiter, LimiterUnavailableError, Verdict, rate_limit_headers
from subgraphs.tenants.dataplane.config import WithoutLimiter
from subgraphs.tenants.dataplane.cors import is_preflight
from subgraphs.tenants.dataplane.keys import Credential, Keys, KeysUnavailableError, credential_of
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.request import IncomingRequest
from subgraphs.tenants.dataplane.routing import NoMethod, NoRoute
from subgraphs.tenants.dataplane.serving import Caller, ServedRoute, Serving

_SOON = ((b"retry-after", b"1"),)
_CHALLENGE = b'Bearer realm="api"'


@dataclass(slots=True)
class Admission:
    """What was found so far; complete once `admit` has returned. `leave` is called at the request's end, whatever it is.

    `caller` is anyone of the route until the key is known.
    """

    caller: Caller | None = None
    credential: Credential | None = None
    headers: list[tuple[bytes, bytes]] | None = None
    is_inside: bool = False

    def leave(self) -> None:
        """The request is over."""
        caller = self.caller
        if self.is_inside and caller is not None:
            caller.route.tenant.gate.leave(caller.consumer, caller.most)
            self.is_inside = False


class Admissions:
    """The rules, over what is served and known now. Without a `limiter`, limits are as while it does not answer."""

    def __init__(
        self,
        serving: Serving,
        keys: Keys,
        limiter: Limiter | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._serving = serving
        self._keys = keys
        self._limiter = limiter
        self._clock = clock

    async def admit(self, request: IncomingRequest, admission: Admission) -> Caller:
        """Fills `admission` as far as it gets. Raises Refusal."""
        route = self._match(request, request.method)
        caller = admission.caller = route.anyone
        if route.policy.config.key_required:
            caller = await self._check_key(request, route, admission)
        if not route.tenant.gate.enter(caller.consumer, caller.most):
            raise Refusal(429, Rule.CONCURRENCY, "Too many requests are under way", _SOON)
        admission.is_inside = True
        if caller.check is not None:
            await self._check_limits(route, caller.check, admission)
        return caller

    def preflight(self, request: IncomingRequest) -> ServedRoute | None:
        """The route of the request that a page wants to make, if this asks for it and pages may. Raises Refusal."""
        if not is_preflight(request):
            return None
        route = self._match(request, request.fields[b"access-control-request-method"].decode("latin-1"))
        return route if route.policy.config.cors is not None else None

    def _match(self, request: IncomingRequest, method: str) -> ServedRoute:
        if not self._serving.configurations:
            raise Refusal(503, Rule.CONFIGURATION, "No configuration is there yet", _SOON)
        matcher = self._serving.hosts.get(request.host)
        if matcher is None:
            raise Refusal(404, Rule.HOST, "Nothing is served at this host")
        try:
            return matcher.match(request.matched, method)
        except NoRoute:
            raise Refusal(404, Rule.ROUTE, "Nothing is served at this path") from None
        except NoMethod as error:
            allowed = ((b"allow", ", ".join(error.allowed).encode()),)
            raise Refusal(405, Rule.METHOD, "The path is served for other methods", allowed) from None

    async def _check_key(self, request: IncomingRequest, route: ServedRoute, admission: Admission) -> Caller:
        credential = admission.credential = credential_of(request.fields)
        if credential is None:
            raise _unauthorised("A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY", _CHALLENGE)
        try:
            key = await self._keys.get(credential.key_hash)
        except KeysUnavailableError as error:
            raise Refusal(503, Rule.KEY, "The key cannot be checked now", _SOON) from error
        if key is None or key.facts.tenant != route.tenant.id:
            raise _unauthorised("The key does not count here", _CHALLENGE + b', error="invalid_token"')
        if key.facts.expires_at is not None and key.facts.expires_at <= self._clock():
            raise _unauthorised("The key has expired", _CHALLENGE + b', error="invalid_token"')
        caller = admission.caller = route.caller(key)
        missing = route.policy.scopes - key.facts.scopes
        if missing:
            needed = " ".join(sorted(route.policy.scopes))
            challenge = f'Bearer realm="api", error="insufficient_scope", scope="{needed}"'.encode()
            raise Refusal(
                403,
                Rule.SCOPES,
                "The key lacks a scope",
                ((b"www-authenticate", challenge),),
                missing_scopes=sorted(missing),
            )
        return caller

    async def _check_limits(self, route: ServedRoute, check: Check, admission: Admission) -> None:
        verdict = await self._decide(route, check)
        if verdict is None:
            return
        admission.headers = [(name.encode(), value.encode()) for name, value in rate_limit_headers(verdict)]
        if not verdict.allowed:
            raise Refusal(
                429,
                Rule.LIMITS,
                f"The limit {verdict.denied_by} is used up",
                tuple(admission.headers),
                limit=verdict.denied_by,
            )

    async def _decide(self, route: ServedRoute, check: Check) -> Verdict | None:
        try:
            if self._limiter is None:
                raise LimiterUnavailableError("no rate limiter is configured")  # noqa: TRY301 - the same as one that is down
            return await self._limiter.decide(check)
        except LimiterUnavailableError:
            limits = route.policy.config.limits
            if limits is not None and limits.without_limiter is WithoutLimiter.REFUSE:
                raise Refusal(503, Rule.LIMITS, "The limits cannot be checked now", _SOON) from None
            return None


def _unauthorised(title: str, challenge: bytes) -> Refusal:
    return Refusal(401, Rule.KEY, title, ((b"www-authenticate", challenge),))
