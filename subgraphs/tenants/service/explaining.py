"""What would become of a request, and why: it is put to the very code that serves requests, compiled from what is served now.

Nothing is forwarded and nothing is charged: limits are looked at only. What a process of the data plane alone knows, such as how many
requests are under way there and which targets are well, is not told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from common.inputs import InvalidInputError
from common.limiting import LimitState
from common.tenancy import Tenancy
from subgraphs.tenants.dataplane.admission import Admission, Admissions
from subgraphs.tenants.dataplane.body import BodyTooLarge, RequestBody
from subgraphs.tenants.dataplane.config import Configuration, KeyFacts, Policy, Route
from subgraphs.tenants.dataplane.cors import response_headers
from subgraphs.tenants.dataplane.gate import Gate
from subgraphs.tenants.dataplane.keys import Keys
from subgraphs.tenants.dataplane.paths import without_segments
from subgraphs.tenants.dataplane.refusals import Refusal, Rule
from subgraphs.tenants.dataplane.request import IncomingRequest, read_request
from subgraphs.tenants.dataplane.routing import Hosts, Matcher, NoMethod, NoRoute
from subgraphs.tenants.dataplane.serving import ServedRoute, Serving, compiled
from subgraphs.tenants.dataplane.upstream import Upstream
from subgraphs.tenants.domain.configurations import Owner, Rules
from subgraphs.tenants.domain.configurations import compiled as configuration_of
from subgraphs.tenants.errors import NotFoundError
from subgraphs.tenants.service.peeking import Peeking
from subgraphs.tenants.service.work import Work, working
from subgraphs.tenants.store import configurations, keys

_LONGEST = 8_192
_KEY_TTL = 60.0
"""Seconds: longer than one request is explained."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request: `path` may have a query, `origin` is the page's that makes it, `body_size` in bytes is told beforehand."""

    method: str
    host: str
    path: str
    key_id: UUID | None = None
    origin: str | None = None
    body_size: int | None = None


class Outcome(StrEnum):
    """MATCHES is the one that serves it; others match and are OUTRANKED, or are for another HOST, METHOD or PATH."""

    MATCHES = "MATCHES"
    OUTRANKED = "OUTRANKED"
    HOST = "HOST"
    METHOD = "METHOD"
    PATH = "PATH"


class ExplainedRoute(Struct, frozen=True):
    route: Route
    outcome: Outcome


class Sent(Struct, frozen=True):
    """Which upstream gets the request, and with which path."""

    upstream: str
    targets: tuple[str, ...]
    path: str


class Explanation(Struct, frozen=True, kw_only=True):
    """`policy` and `sent` are those of the route that matches; the first of `refusals` is what the client is told.

    `limits` are told where they would be asked, `may_read` where the gateway says whether a page may read the answer.
    """

    version: int
    routes: tuple[ExplainedRoute, ...]
    policy: tuple[str, Policy] | None
    refusals: tuple[Refusal, ...]
    limits: tuple[LimitState, ...]
    may_read: bool | None
    sent: Sent | None


class Explaining:
    """The use case. Set `limiter` where there is a rate limiter; without it limits are as while it does not answer."""

    def __init__(self, tenancy: Tenancy, rules: Rules) -> None:
        self.limiter: Callable[[], Peeking | None] = lambda: None
        self._tenancy = tenancy
        self._rules = rules

    async def explain(self, user_id: str, tenant_id: UUID, asked: Asked) -> Explanation | None:
        """What would become of the request; None while nothing of the tenant is served.

        Raises:
            as `working`, and InvalidInputError, NotFoundError: the tenant has no such key.
        """
        _check(asked)
        async with working(self._tenancy, user_id, tenant_id) as work:
            configuration = await self._served(work)
            facts = None if asked.key_id is None else await _facts(work, asked.key_id)
        if configuration is None:
            return None
        return await _Explained(configuration, asked, facts, self.limiter()).explanation()

    async def _served(self, work: Work) -> Configuration | None:
        """What data planes are told to serve the tenant by."""
        (served,) = await configurations.serving(work.transaction)
        version = served.tenant.config_version
        if served.document is None or version is None or served.tenant.is_suspended:
            return None
        owner = Owner(served.tenant.id, served.tenant.slug, await work.plan(), served.domains)
        return configuration_of(served.document, owner, version, self._rules)


class _Explained:
    """One request, put to one version. `facts` are its key's, None for one that does not count."""

    def __init__(
        self, configuration: Configuration, asked: Asked, facts: KeyFacts | None, limiter: Peeking | None
    ) -> None:
        self._configuration = configuration
        self._asked = asked
        self._facts = facts
        self._limiter = limiter
        self._upstreams: dict[tuple[str, str], Upstream] = {}

    async def explanation(self) -> Explanation:
        try:
            request = read_request(_scope(self._asked))
        except Refusal as refusal:
            return self._explanation((), (refusal,), None, None)
        self._upstreams = await asyncio.to_thread(_upstreams, self._configuration)
        serving = await asyncio.to_thread(self._serving, self._configuration)
        matched = _winner(serving, request)
        routes = await asyncio.to_thread(self._routes, request, matched)
        refusals = [refusal async for refusal in self._refusals(request, serving, matched)]
        return self._explanation(tuple(routes), tuple(refusals), matched, request)

    def _explanation(
        self,
        routes: tuple[ExplainedRoute, ...],
        refusals: tuple[Refusal, ...],
        matched: ServedRoute | None,
        request: IncomingRequest | None,
    ) -> Explanation:
        policy = may_read = sent = None
        if matched is not None and request is not None:
            config = next(each for each in self._configuration.routes if each.name == matched.name)
            policy = (config.policy, matched.policy.config)
            may_read = _may_read(matched.policy.config, request)
            path = without_segments(request.path, matched.stripped) if matched.stripped else request.path
            targets = tuple(target.url for target in matched.upstream.config.targets)
            sent = Sent(config.upstream, targets, path.decode("latin-1"))
        verdict = self._limiter.verdict if self._limiter else None
        return Explanation(
            version=self._configuration.version,
            routes=routes,
            policy=policy,
            refusals=refusals,
            limits=verdict.limits if verdict else (),
            may_read=may_read,
            sent=sent,
        )

    def _serving(self, configuration: Configuration) -> Serving:
        serving, gate = Serving(inner_upstreams=False), Gate()
        gate.most = configuration.concurrency
        serving.configurations = {configuration.tenant: configuration}
        serving.hosts = Hosts(compiled(configuration, self._upstreams, gate).items())
        return serving

    async def _refusals(
        self, request: IncomingRequest, serving: Serving, matched: ServedRoute | None
    ) -> AsyncIterator[Refusal]:
        """All rules that refuse. Who lacks a scope is asked about without it, to tell the limits; without a key nobody is known."""
        refusal = await self._admit(request, serving)
        if refusal is not None:
            yield refusal
            if refusal.rule is Rule.SCOPES:
                policies = self._configuration.policies.items()
                lifted = {name: replace(policy, scopes=()) for name, policy in policies}
                again = await self._admit(
                    request, self._serving(replace(self._configuration, policies=lifted))
                )
                if again is not None:
                    yield again
        if matched is not None and await _is_too_large(request, matched.policy.config):
            yield Refusal(413, Rule.BODY, "The body is too large")

    async def _admit(self, request: IncomingRequest, serving: Serving) -> Refusal | None:
        async def find(_: str) -> KeyFacts | None:
            return self._facts

        admissions = Admissions(serving, Keys(find, ttl=_KEY_TTL), self._limiter)
        try:
            await admissions.admit(request, Admission())
        except Refusal as refusal:
            return refusal
        return None

    def _routes(self, request: IncomingRequest, matched: ServedRoute | None) -> list[ExplainedRoute]:
        """All routes, what is nearest to matching first."""
        explained = [
            ExplainedRoute(route, self._outcome(route, request, matched))
            for route in self._configuration.routes
        ]
        ranks = list(Outcome)
        return sorted(explained, key=lambda each: ranks.index(each.outcome))

    def _outcome(self, route: Route, request: IncomingRequest, matched: ServedRoute | None) -> Outcome:
        if matched is not None and route.name == matched.name:
            return Outcome.MATCHES
        try:
            Matcher([(route, route)]).match(request.matched, request.method)
        except NoRoute:
            return Outcome.PATH
        except NoMethod:
            return Outcome.METHOD
        return Outcome.OUTRANKED if self._is_at(route, request) else Outcome.HOST

    def _is_at(self, route: Route, request: IncomingRequest) -> bool:
        """Whether a route for that path and method would serve the request, were it the only one."""
        policies = {route.policy: self._configuration.policies[route.policy]}
        alone = replace(self._configuration, routes=(route,), policies=policies)
        return _winner(self._serving(alone), request) is not None


def _check(asked: Asked) -> None:
    for field in ("method", "host", "path", "origin"):
        text = getattr(asked, field)
        if text is not None and not (1 <= len(text) <= _LONGEST and text.isascii() and text.isprintable()):
            raise InvalidInputError(field, f"must be 1 to {_LONGEST} printable characters of ASCII")
    if asked.body_size is not None and asked.body_size < 0:
        raise InvalidInputError("bodySize", "must be 0 or more")


async def _facts(work: Work, id_: UUID) -> KeyFacts | None:
    if await keys.find_key(work.transaction, id_) is None:
        raise NotFoundError("key")
    return await keys.find_facts_of(work.transaction, id_)


def _scope(asked: Asked) -> dict[str, Any]:
    """The request as servers give it to the proxy; any text stands for the key, whose facts are known."""
    path, _, query = asked.path.partition("?")
    headers = [(b"host", asked.host.encode())]
    if asked.key_id is not None:
        headers.append((b"x-api-key", str(asked.key_id).encode()))
    if asked.origin is not None:
        headers.append((b"origin", asked.origin.encode()))
    if asked.body_size is not None:
        headers.append((b"content-length", b"%d" % asked.body_size))
    return {
        "type": "http",
        "http_version": "1.1",
        "scheme": "https",
        "method": asked.method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }


def _upstreams(configuration: Configuration) -> dict[tuple[str, str], Upstream]:
    """Those of the configuration, which are asked nothing."""
    return {
        (configuration.tenant, name): Upstream(config, may_be_inner=False)
        for name, config in configuration.upstreams.items()
    }


def _winner(serving: Serving, request: IncomingRequest) -> ServedRoute | None:
    matcher = serving.hosts.get(request.host)
    try:
        return None if matcher is None else matcher.match(request.matched, request.method)
    except (NoRoute, NoMethod):
        return None


def _may_read(policy: Policy, request: IncomingRequest) -> bool | None:
    if policy.cors is None or b"origin" not in request.fields:
        return None
    return any(name == b"access-control-allow-origin" for name, _ in response_headers(policy.cors, request))


async def _is_too_large(request: IncomingRequest, policy: Policy) -> bool:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    try:
        await RequestBody(request, receive, most=policy.max_body, patience=1.0).begin()
    except BodyTooLarge:
        return True
    return False
