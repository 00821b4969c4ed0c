"""What types alone cannot refuse: rules and policies that contradict themselves."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import chain
from typing import TypeAlias

from gateway.server.config.headers import HeaderRule, HeaderRules, Headers, Insert, ResponseRule
from gateway.server.config.http import Cors, CorsPolicy
from gateway.server.config.rate_limits import RateLimits
from gateway.server.config.response_cache import ResponseCache
from gateway.server.config.schema import RouterConfig
from gateway.server.config.subgraph_errors import ErrorInclusion, ErrorRule
from gateway.server.config.subscription import Mode, PassthroughMode
from gateway.server.config.traffic import SubgraphTraffic, TrafficShaping

Fault: TypeAlias = tuple[tuple[str | int, ...], str]

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")


def faults(config: RouterConfig) -> Iterator[Fault]:
    """The path of every value that contradicts another one or itself, and how."""
    plugins = ((("plugins", name), message) for name, message in config.plugins.faults())
    return chain(
        _header_faults(config.headers),
        _cors_faults(config.cors),
        _document_faults(config),
        _traffic_faults(config.traffic_shaping),
        _rate_limit_faults(config.rate_limits),
        _error_faults(config.include_subgraph_errors),
        _proxy_faults(config.trusted_proxies),
        plugins,
        _cache_faults(config.response_cache),
        _subscription_faults(config.subscription.mode),
    )


def _proxy_faults(proxies: tuple[str, ...]) -> Iterator[Fault]:
    for index, proxy in enumerate(proxies):
        try:
            ip_network(proxy)
        except ValueError as error:
            yield ("trusted_proxies", index), f"Expected an address or a network: {error}"


def _header_faults(headers: Headers) -> Iterator[Fault]:
    groups: list[tuple[tuple[str, ...], HeaderRules]] = [(("headers", "all"), headers.all)]
    groups += [(("headers", "subgraphs", name), rules) for name, rules in headers.subgraphs.items()]
    for path, rules in groups:
        for index, rule in enumerate(rules.request):
            if message := _fault(rule):
                yield (*path, "request", index), message
        for index, answered in enumerate(rules.response):
            if message := _fault(answered):
                yield (*path, "response", index), message


def _fault(rule: HeaderRule | ResponseRule) -> str | None:
    given = [step for step in (rule.propagate, rule.insert, rule.remove) if step is not None]
    if len(given) != 1:
        return "A header rule has exactly one of `propagate`, `insert` and `remove`"
    if isinstance(rule.insert, Insert) and sum(each is not None for each in _sources(rule.insert)) != 1:
        return "`insert` takes exactly one of `value`, `claim` and `from_context`"
    selector = rule.propagate or rule.remove
    if selector is None:
        return None
    if (selector.named is None) == (selector.matching is None):
        return "`propagate` and `remove` take exactly one of `named` and `matching`"
    if rule.propagate and selector.matching and (rule.propagate.rename or rule.propagate.default):
        return "`rename` and `default` go with `named`, not with `matching`"
    return _pattern_fault(selector.matching)


def _sources(insert: Insert) -> tuple[str | None, ...]:
    return insert.value, insert.claim, insert.from_context


def _pattern_fault(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        return f"`{pattern}` is not a regular expression: {error}"
    return None


def _cors_faults(cors: Cors) -> Iterator[Fault]:
    if cors.allow_any_origin and cors.allow_credentials:
        yield (
            ("cors", "allow_credentials"),
            "`allow_credentials` needs `policies` that name origins, not `allow_any_origin`",
        )
    for index, policy in enumerate(cors.policies):
        for name, message in _policy_faults(cors.of(policy)):
            yield ("cors", "policies", index, name), message


def _policy_faults(policy: CorsPolicy) -> Iterator[tuple[str, str]]:
    if not policy.origins and not policy.match_origins:
        yield "origins", "A policy has `origins`, `match_origins` or both"
    for origin in policy.origins:
        if not _ORIGIN.fullmatch(origin):
            yield (
                "origins",
                f"`{origin}` is not an origin such as `https://app.example`; for all: `allow_any_origin`",
            )
    for pattern in policy.match_origins:
        if message := _pattern_fault(pattern):
            yield "match_origins", message
    for name in ("allow_headers", "expose_headers", "methods"):
        if policy.allow_credentials and "*" in getattr(policy, name):
            yield name, f"`*` in `{name}` means all only without `allow_credentials`"


def _document_faults(config: RouterConfig) -> Iterator[Fault]:
    listed = config.persisted_queries
    if not listed.enabled:
        return
    if not listed.local_manifests:
        yield ("persisted_queries",), "`persisted_queries` needs `local_manifests`"
    if listed.safelist.enabled and config.apq.enabled:
        yield (
            ("persisted_queries", "safelist"),
            "A safelist needs `apq.enabled: false`: automatic persisted queries accept any document",
        )


def _traffic_faults(shaping: TrafficShaping) -> Iterator[Fault]:
    groups: list[tuple[tuple[str, ...], SubgraphTraffic]] = [(("all",), shaping.all)]
    groups += [(("subgraphs", name), own) for name, own in shaping.subgraphs.items()]
    for path, traffic in groups:
        if traffic.experimental_retry is not None and traffic.experimental_retry.retry_mutations:
            yield (
                ("traffic_shaping", *path, "experimental_retry", "retry_mutations"),
                "`retry_mutations` can only be false: a mutation that is sent twice may happen twice",
            )


def _rate_limit_faults(config: RateLimits | None) -> Iterator[Fault]:
    names = [limit.name for limit in config.limits] if config else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("rate_limits", "limits", index, "name"), f"Another limit has the name `{name}`"


def _error_faults(inclusion: ErrorInclusion) -> Iterator[Fault]:
    rules: list[tuple[tuple[str, ...], bool | ErrorRule]] = [(("all",), inclusion.all)]
    rules += [(("subgraphs", name), own) for name, own in inclusion.subgraphs.items()]
    for path, rule in rules:
        if isinstance(rule, ErrorRule) and None not in (
            rule.allow_extensions_keys,
            rule.deny_extensions_keys,
        ):
            message = "A rule has `allow_extensions_keys` or `deny_extensions_keys`, not both"
            yield ("include_subgraph_errors", *path), message


def _cache_faults(cache: ResponseCache) -> Iterator[Fault]:
    caching = cache.subgraph
    if cache.enabled and not any(map(cache.caches, ("", *caching.subgraphs))):
        yield ("response_cache",), "`response_cache` needs `redis.urls` in `subgraph.all` or in its subgraphs"
    groups = {("all",): caching.all} | {("subgraphs", name): own for name, own in caching.subgraphs.items()}
    for path, own in groups.items():
        if own.invalidation.enabled and not own.invalidation.shared_key:
            yield ("response_cache", "subgraph", *path, "invalidation"), "`invalidation` needs a `shared_key`"


def _subscription_faults(mode: Mode) -> Iterator[Fault]:
    passthrough, callback = mode.passthrough or PassthroughMode(), mode.callback
    if callback is None:
        return
    path = ("subscription", "mode", "callback")
    for index, name in enumerate(callback.subgraphs):
        if name in passthrough.subgraphs:
            yield (*path, "subgraphs", index), f"`passthrough.subgraphs` has subgraph `{name}`, too"
    if not callback.subgraphs and passthrough.all is not None:
        yield path, "`callback` without `subgraphs` is for all, which `passthrough.all` is, too"
