"""Configurations as they are served: compiled, with what lives longer than one version, and switched as a whole.

A request takes its route from the table once and is served by what hangs on it, so wholly by one version, whatever is
switched to meanwhile.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.limiting import Check
from subgraphs.tenants.dataplane.checking import ConfigurationError, check
from subgraphs.tenants.dataplane.config import Attribute, Configuration, Plan, Policy, Route
from subgraphs.tenants.dataplane.config import Upstream as UpstreamConfig
from subgraphs.tenants.dataplane.gate import Gate
from subgraphs.tenants.dataplane.headers import Rules
from subgraphs.tenants.dataplane.keys import KnownKey
from subgraphs.tenants.dataplane.routing import Hosts, Matcher
from subgraphs.tenants.dataplane.upstream import Upstream
from subgraphs.tenants.dataplane.usage import Label

_log = logging.getLogger("hansa.proxy")


class CompiledPolicy:
    """A policy with what requests would else work out again and again."""

    def __init__(self, policy: Policy) -> None:
        self.config = policy
        self.scopes = frozenset(policy.scopes)
        self.request = Rules(policy.request_headers)
        self.response = Rules(policy.response_headers)


@dataclass(frozen=True, slots=True)
class ServedTenant:
    """One version of a tenant. `gate` outlives it."""

    id: str
    version: int
    plans: Mapping[str, Plan]
    gate: Gate


class ServedRoute:
    """One route of one version: all that serving a request by it takes."""

    def __init__(
        self, config: Route, tenant: ServedTenant, policy: CompiledPolicy, upstream: Upstream
    ) -> None:
        self.name = config.name
        self.tenant = tenant
        self.policy = policy
        self.upstream = upstream
        self.stripped = config.prefix.count("/") if config.strip_prefix and config.prefix != "/" else 0
        self.anyone = Caller(self, None)
        self._callers: dict[str, Caller] = {}

    def caller(self, key: KnownKey) -> "Caller":
        """Who asks by `key`, as it is known now."""
        kept = self._callers.get(key.facts.id)
        if kept is not None and kept.key is key:
            return kept
        if len(self._callers) >= _CALLERS:
            self._callers.clear()
        made = self._callers[key.facts.id] = Caller(self, key)
        return made


_CALLERS = 10_000


class Caller:
    """Who asks on a route, by a key or by none: what each of their requests would else work out again.

    `consumer` has `most` requests under way, where its plan says so; `check` is what the rate limiter is asked, where the policy
    has limits; `lines` are headers for the upstream, `told` is for the log.
    """

    __slots__ = ("check", "consumer", "key", "label", "lines", "most", "route", "told")

    def __init__(self, route: ServedRoute, key: KnownKey | None) -> None:
        self.route = route
        self.key = key
        self.check = _check(route, key)
        self.told = {"tenant": route.tenant.id, "route": route.name, "version": route.tenant.version}
        self.consumer: str | None = None
        self.most: int | None = None
        if key is None:
            self.label = Label(route.tenant.id, route.name)
            self.lines = b"x-hansa-tenant: %b\r\n" % route.tenant.id.encode()
            return
        facts = key.facts
        self.label = Label(route.tenant.id, route.name, facts.consumer, facts.id)
        self.lines = key.lines
        self.told |= {"consumer": facts.consumer, "key": facts.id}
        if (plan := route.tenant.plans.get(facts.plan)) is not None:
            self.consumer, self.most = facts.consumer, plan.concurrency


def _check(route: ServedRoute, key: KnownKey | None) -> Check | None:
    limits = route.policy.config.limits
    if limits is None:
        return None
    facts = {Attribute.TENANT: route.tenant.id, Attribute.ROUTE: route.name}
    if key is not None:
        facts |= {
            Attribute.PLAN: key.facts.plan,
            Attribute.CONSUMER: key.facts.consumer,
            Attribute.KEY: key.facts.id,
        }
    descriptor = {name.value: facts[name] for name in limits.attributes if name in facts}
    return Check.of(limits.namespace, descriptor, limits.cost)


class Serving:
    """What is served now. `hosts` is replaced, never changed. Upstreams are inside the platform's network only if they may be."""

    def __init__(self, *, inner_upstreams: bool) -> None:
        self._inner_upstreams = inner_upstreams
        self.hosts: Hosts[Matcher[ServedRoute]] = Hosts(())
        self.configurations: dict[str, Configuration] = {}
        self._matchers: dict[str, Mapping[str, Matcher[ServedRoute]]] = {}
        self._upstreams: dict[tuple[str, str], Upstream] = {}
        self._gates: dict[str, Gate] = {}

    async def switch(
        self, configurations: Iterable[Configuration], gone: Iterable[str] = (), *, is_whole: bool = False
    ) -> None:
        """Serve these versions from now on, and the tenants that are `gone`, or not among a whole, no more.

        One that does not hold together is not switched to: the tenant keeps the version that it has.
        """
        named = {each.tenant: each for each in configurations}
        new = {tenant: each for tenant, each in named.items() if _holds(each)}
        ended = set(gone) | (self.configurations.keys() - named.keys() if is_whole else set())
        upstreams = self._upstreams_with(new, ended)
        for tenant, configuration in new.items():
            self._matchers[tenant] = await asyncio.to_thread(
                compiled, configuration, upstreams, self._gate(configuration)
            )
            self.configurations[tenant] = configuration
        for tenant in ended:
            for kept in (self._matchers, self.configurations, self._gates):
                kept.pop(tenant, None)
        self.hosts = Hosts(self._owned())
        await self._replace(upstreams)

    async def close(self) -> None:
        await self.switch((), is_whole=True)

    def _gate(self, configuration: Configuration) -> Gate:
        gate = self._gates.setdefault(configuration.tenant, Gate())
        gate.most = configuration.concurrency
        return gate

    def _upstreams_with(
        self, new: Mapping[str, Configuration], ended: set[str]
    ) -> dict[tuple[str, str], Upstream]:
        """All upstreams; one that is configured as before stays what it is, with its connections and what it knows."""
        upstreams = {
            key: each for key, each in self._upstreams.items() if key[0] not in new and key[0] not in ended
        }
        for tenant, configuration in new.items():
            for name, config in configuration.upstreams.items():
                before = self._upstreams.get((tenant, name))
                is_same = before is not None and before.config == config
                upstreams[tenant, name] = before if before is not None and is_same else self._upstream(config)
        return upstreams

    def _upstream(self, config: UpstreamConfig) -> Upstream:
        return Upstream(config, may_be_inner=self._inner_upstreams)

    async def _replace(self, upstreams: dict[tuple[str, str], Upstream]) -> None:
        before, self._upstreams = self._upstreams, upstreams
        for key, upstream in upstreams.items():
            if before.get(key) is not upstream:
                upstream.start()
        for key, upstream in before.items():
            if upstreams.get(key) is not upstream:
                await upstream.retire()

    def _owned(self) -> Iterator[tuple[str, Matcher[ServedRoute]]]:
        """A host that two tenants name is the first one's: nobody takes another's by naming it."""
        owners: dict[str, str] = {}
        for tenant, matchers in self._matchers.items():
            for host, matcher in matchers.items():
                if owners.setdefault(host, tenant) == tenant:
                    yield host, matcher
                else:
                    _log.error("The host %s of %s is served for %s already", host, tenant, owners[host])


def _holds(configuration: Configuration) -> bool:
    try:
        check(configuration)
    except ConfigurationError as error:
        _log.error("Version %d of %s is not served: %s", configuration.version, configuration.tenant, error)
        return False
    return True


def compiled(
    configuration: Configuration, upstreams: Mapping[tuple[str, str], Upstream], gate: Gate
) -> Mapping[str, Matcher[ServedRoute]]:
    """The matcher of each host; those with no routes of their own have the same one."""
    tenant = ServedTenant(configuration.tenant, configuration.version, configuration.plans, gate)
    policies = {name: CompiledPolicy(policy) for name, policy in configuration.policies.items()}
    pairs = [
        (route, ServedRoute(route, tenant, policies[route.policy], upstreams[tenant.id, route.upstream]))
        for route in configuration.routes
    ]
    everywhere = Matcher([pair for pair in pairs if not pair[0].hosts])
    own = {host for route in configuration.routes for host in route.hosts}
    return {
        host: Matcher([pair for pair in pairs if not pair[0].hosts or host in pair[0].hosts])
        if host in own
        else everywhere
        for host in configuration.hosts
    }
