"""A tenant's configuration: the document that its members write, and what data planes serve by once it is known to hold together.

What the document leaves open the platform decides: whose it is, its number, and what the plan allows. A tenant's requests always count
towards the tenant's own limits, whatever the document says of limits.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from subgraphs.tenants.dataplane import checking
from subgraphs.tenants.dataplane.checking import ConfigurationError, Problem
from subgraphs.tenants.dataplane.config import (
    Attribute,
    Configuration,
    Host,
    Limits,
    Name,
    Policy,
    Route,
    Upstream,
)
from subgraphs.tenants.dataplane.config import Plan as ConsumerPlan
from subgraphs.tenants.domain.plans import Plan

LIMITS_NAMESPACE = "tenants"
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a tenant says of its APIs: see `dataplane/config.py` for each part. No hosts are the tenant's own one."""

    hosts: tuple[Host, ...] = ()
    routes: tuple[Route, ...] = ()
    upstreams: Mapping[Name, Upstream] = {}
    policies: Mapping[Name, Policy] = {}
    plans: Mapping[Name, ConsumerPlan] = {}


class Version(Struct, frozen=True, kw_only=True):
    """A document as it was applied: `restored` is the older version that it brought back."""

    tenant_id: UUID
    version: int
    document: Document
    checksum: str
    restored: int | None
    created_by: str
    created_at: datetime


class Rules(Struct, frozen=True):
    """`domain` is what tenants' hosts are below; with `inner_upstreams` a tenant may name servers inside the platform's own network."""

    domain: str
    inner_upstreams: bool


class Owner(Struct, frozen=True):
    """Whose configuration it is; `domains` are the hosts of its own that it has proved."""

    id: UUID
    slug: str
    plan: Plan
    domains: frozenset[str] = frozenset()


def read_document(value: Any) -> Document:
    """The document in JSON values. Raises ConfigurationError for what does not fit, with its place."""
    try:
        return msgspec.convert(value, Document)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise ConfigurationError((Problem(place.rstrip("`").lstrip(".") or "$", message),)) from None


def encode(document: Document) -> bytes:
    """The document as it is kept: equal documents are equal bytes."""
    return msgspec.json.encode(document, order="deterministic")


def checksum_of(document: Document) -> str:
    """The SHA-256 of the document as it is kept, in hexadecimal."""
    return hashlib.sha256(encode(document)).hexdigest()


def compiled(document: Document, owner: Owner, version: int, rules: Rules) -> Configuration:
    """What data planes serve by: domains that are proved are hosts always, those that are no more the tenant's are none."""
    own = _own_host(owner, rules)
    named = [host for host in document.hosts if _may_serve(host, own, owner)]
    return Configuration(
        tenant=str(owner.id),
        version=version,
        hosts=tuple(dict.fromkeys((*(named or (own,)), *sorted(owner.domains)))),
        routes=tuple(_routes(document.routes, own, owner)),
        upstreams=document.upstreams,
        policies={name: _counted(policy) for name, policy in document.policies.items()},
        plans=document.plans,
        concurrency=owner.plan.concurrency,
    )


def check_document(document: Document, owner: Owner, rules: Rules) -> None:
    """Raises ConfigurationError with everything for which the document cannot be served."""
    problems = list(_problems(document, owner, rules))
    try:
        checking.check(compiled(document, owner, 1, rules))
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(tuple(problems))


def _own_host(owner: Owner, rules: Rules) -> str:
    return f"{owner.slug}.{rules.domain}"


def _may_serve(host: str, own: str, owner: Owner) -> bool:
    return host == own or host.endswith(f".{own}") or host in owner.domains


def _routes(routes: tuple[Route, ...], own: str, owner: Owner) -> Iterator[Route]:
    """The routes, at no host that is not the tenant's; one for no other hosts is none: without hosts it would be for all."""
    for route in routes:
        hosts = tuple(host for host in route.hosts if _may_serve(host, own, owner))
        if len(hosts) == len(route.hosts):
            yield route
        elif hosts:
            yield replace(route, hosts=hosts)


def _counted(policy: Policy) -> Policy:
    """The policy with limits in which the tenant's own count."""
    limits = policy.limits or Limits(attributes=(Attribute.TENANT,))
    attributes = dict.fromkeys((Attribute.TENANT, *limits.attributes))
    return replace(policy, limits=replace(limits, namespace=LIMITS_NAMESPACE, attributes=tuple(attributes)))


def _problems(document: Document, owner: Owner, rules: Rules) -> Iterator[Problem]:
    own = _own_host(owner, rules)
    for position, host in enumerate(document.hosts):
        if not _may_serve(host, own, owner):
            yield Problem(
                f"hosts[{position}]", f'"{host}" is neither {own} nor below it, nor a domain that is proved'
            )
    for place, route in enumerate(document.routes):
        for position, host in enumerate(route.hosts):
            if not _may_serve(host, own, owner):
                yield Problem(f"routes[{place}].hosts[{position}]", f'"{host}" is not one of the hosts')
    if len(document.routes) > owner.plan.routes:
        yield Problem("routes", f"the plan {owner.plan.name} has {owner.plan.routes} at most")
    for name, policy in document.policies.items():
        if policy.limits is not None and policy.limits.namespace != LIMITS_NAMESPACE:
            yield Problem(f"policies.{name}.limits.namespace", f'must be "{LIMITS_NAMESPACE}"')
    if not rules.inner_upstreams:
        yield from _inner_targets(document)


def _inner_targets(document: Document) -> Iterator[Problem]:
    for name, upstream in document.upstreams.items():
        for position, target in enumerate(upstream.targets):
            if _is_inner(target.url):
                place = f"upstreams.{name}.targets[{position}].url"
                yield Problem(place, "is inside the platform's own network")


def _is_inner(url: str) -> bool:
    """Whether the URL itself says so; what a name leads to is for the data plane to see."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False  # it is refused for that already
    if parts.scheme == "unix" or ("." not in host and ":" not in host) or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None  # resolvers take 0x7f.1 for an address
