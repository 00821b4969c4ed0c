"""One whole version of a tenant's configuration, and the facts about a key: what the control plane writes and the data plane serves by.

A version is a value. It is checked where it is written (`checking.check`) and switched to as a whole; nothing in it refers to
anything outside. Keys are not in it: there are many, and they change by themselves (`KeyFacts`). The numbers of limits are not
either: they stand in the rate limiter's policies, to which a request is described.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]
Host = Annotated[
    str,
    Meta(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", max_length=253),
]
"""In lower case, without a port; `*.` in front takes every name below, however deep, and not the name itself."""
Token = Annotated[str, Meta(pattern="^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")]
"""A name of a method or of a header (RFC 9110, section 5.6.2)."""
FieldValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]{0,1024}$")]
Identifier = Annotated[str, Meta(pattern="^[!-~]{1,120}$")]
"""What goes into a header as it is."""
Seconds = Annotated[float, Meta(gt=0, le=3600)]
Count = Annotated[int, Meta(ge=1, le=100_000)]


class _Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not known is refused: a misspelt rule must not be a rule that does not hold."""


class Target(_Value, frozen=True):
    """One server of an upstream: `http://`, `https://` or `unix://` without a path. It gets `weight` times as much as one of 1."""

    url: Annotated[str, Meta(max_length=512)]
    weight: Annotated[int, Meta(ge=1, le=100)] = 1


class HealthCheck(_Value, frozen=True):
    """Each target is asked for `path` every `interval`; it is out after `unhealthy` failures and back after `healthy` successes in a row.

    A status below 400 within `timeout` is a success.
    """

    path: Annotated[str, Meta(pattern="^/[!-~]*$", max_length=512)] = "/"
    interval: Annotated[float, Meta(ge=0.1, le=3600)] = 5.0
    timeout: Annotated[float, Meta(gt=0, le=60)] = 2.0
    healthy: Annotated[int, Meta(ge=1, le=100)] = 2
    unhealthy: Annotated[int, Meta(ge=1, le=100)] = 3


class Timeouts(_Value, frozen=True):
    """`connect` to a target; `response` until its head is there; `idle` between two pieces of a body or messages; `total` for one
    request with its retries and its body, without a bound where it is None, as for streams.
    """

    connect: Seconds = 5.0
    response: Seconds = 30.0
    idle: Seconds = 60.0
    total: Annotated[float, Meta(gt=0, le=86_400)] | None = None


class Upstream(_Value, frozen=True):
    """Servers that are all the same. `connections` bounds those to one target from one process.

    An idempotent request is tried `attempts` times at most; retries of all requests stay within `retry_share` of them. A target is left
    alone for `ejection` seconds, more each time, after `failures` in a row.
    """

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=256)]
    health_check: HealthCheck | None = None
    timeouts: Timeouts = Timeouts()
    connections: Count = 256
    attempts: Annotated[int, Meta(ge=1, le=5)] = 2
    retry_share: Annotated[float, Meta(ge=0, le=1)] = 0.1
    failures: Annotated[int, Meta(ge=1, le=1000)] = 5
    ejection: Seconds = 5.0
    preserve_host: bool = False


class Attribute(StrEnum):
    """What a limit may count by. KEY and CONSUMER are there where the request has a key."""

    TENANT = "tenant"
    ROUTE = "route"
    PLAN = "plan"
    CONSUMER = "consumer"
    KEY = "key"


class WithoutLimiter(StrEnum):
    """What is done while the rate limiter itself does not answer (without Valkey its policies' fail modes decide)."""

    ADMIT = "admit"
    REFUSE = "refuse"


class Limits(_Value, frozen=True):
    """A request is described to the rate limiter by `attributes` and charged `cost` of every limit of `namespace` that applies."""

    namespace: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")] = "tenants"
    attributes: Annotated[tuple[Attribute, ...], Meta(min_length=1, max_length=5)] = (
        Attribute.TENANT,
        Attribute.PLAN,
        Attribute.CONSUMER,
        Attribute.KEY,
    )
    cost: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    without_limiter: WithoutLimiter = WithoutLimiter.ADMIT


class HeaderRules(_Value, frozen=True):
    """Headers to `remove`, then to `set`."""

    set: Mapping[Token, FieldValue] = {}
    remove: tuple[Token, ...] = ()


class Cors(_Value, frozen=True):
    """Which origins' pages may read answers (Fetch, section 3.2); `*` is any, and cannot go with `credentials`."""

    origins: Annotated[tuple[Annotated[str, Meta(max_length=255)], ...], Meta(min_length=1, max_length=100)]
    methods: tuple[Token, ...] = ("GET", "HEAD", "POST")
    headers: tuple[Token, ...] = ()
    expose: tuple[Token, ...] = ()
    credentials: bool = False
    max_age: Annotated[int, Meta(ge=0, le=86_400)] = 600


class Policy(_Value, frozen=True):
    """What holds on a route. All of `scopes` must be the key's."""

    key_required: bool = True
    scopes: tuple[Identifier, ...] = ()
    limits: Limits | None = None
    request_headers: HeaderRules = HeaderRules()
    response_headers: HeaderRules = HeaderRules()
    cors: Cors | None = None
    max_body: Annotated[int, Meta(ge=0, le=2**40)] | None = None
    websocket: bool = False


class Route(_Value, frozen=True):
    """Requests whose path is `prefix` or below it (at a `/`), by one of `methods`, at one of `hosts`; none means all of the tenant's.

    Of those that match, the longest prefix wins, then the highest `priority`, then one that names methods, then the first name.
    With `strip_prefix` the upstream sees the path without the prefix.
    """

    name: Name
    upstream: Name
    policy: Name
    prefix: Annotated[str, Meta(pattern="^/[!-~]*$", max_length=1024)] = "/"
    methods: tuple[Token, ...] = ()
    hosts: tuple[Host, ...] = ()
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    strip_prefix: bool = False


class Plan(_Value, frozen=True):
    """What a key's consumer has bought: its name is an attribute of limits, and `concurrency` is how many requests one
    consumer has under way in one process.
    """

    concurrency: Count = 100


class Configuration(_Value, frozen=True):
    """One version: `tenant` is its id, `version` a number that only grows for it. Names of things are unique by being keys.

    `concurrency` is the most requests of the tenant that are under way in one process; the control plane takes it from what
    the tenant pays for.
    """

    tenant: Annotated[str, Meta(pattern="^[!-~]{1,64}$")]
    version: Annotated[int, Meta(ge=1)]
    hosts: Annotated[tuple[Host, ...], Meta(min_length=1, max_length=1000)]
    routes: Annotated[tuple[Route, ...], Meta(max_length=20_000)] = ()
    upstreams: Mapping[Name, Upstream] = {}
    policies: Mapping[Name, Policy] = {}
    plans: Mapping[Name, Plan] = {}
    concurrency: Count = 1000


class KeyFacts(Struct, frozen=True):
    """What is known of a key that counts. `expires_at` is in seconds since 1970; a revoked key has no facts.

    Keys are found by the SHA-256 of their whole text: they are random, so a slow hash would protect nothing more.
    """

    id: Identifier
    tenant: str
    consumer: Identifier
    plan: Identifier
    scopes: frozenset[Identifier] = frozenset()
    expires_at: float | None = None
