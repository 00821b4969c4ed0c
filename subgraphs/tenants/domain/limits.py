"""What the plans mean to the rate limiter: two policies of the namespace `tenants`, and for each tenant what its plan has of each."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from subgraphs.tenants.domain.configurations import LIMITS_NAMESPACE
from subgraphs.tenants.domain.plans import Plan

RATE, QUOTA = "rate", "quota"
BY = ("tenant",)


class DeclaredPolicy(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """As the rate limiter's door takes it."""

    name: str
    algorithm: str
    limit: int
    by: tuple[str, ...]
    period: int = 0
    burst: int = 0
    calendar: str | None = None


class DeclaredOverride(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another limit of the policy for the tenant `pattern`."""

    policy: str
    pattern: str
    limit: int
    burst: int = 0


class Declaration(Struct, frozen=True):
    """Which limits there are; those that it does not name stay."""

    policies: Sequence[DeclaredPolicy]
    overrides: Sequence[DeclaredOverride]
    namespace: str = LIMITS_NAMESPACE
    description: str = "What tenants' plans allow"


def declaration(free: Plan, plans: Mapping[UUID, Plan]) -> Declaration:
    """The policies, by which a tenant that is not known yet is on the `free` plan, and the limits of the tenants in `plans`."""
    rate = DeclaredPolicy(
        name=RATE, algorithm="TOKEN_BUCKET", limit=free.rate, by=BY, period=1, burst=free.burst
    )
    quota = DeclaredPolicy(name=QUOTA, algorithm="FIXED_WINDOW", limit=free.quota, by=BY, calendar="MONTH")
    overrides = [each for tenant, plan in plans.items() for each in _overrides(str(tenant), plan)]
    return Declaration((rate, quota), overrides)


def _overrides(tenant: str, plan: Plan) -> tuple[DeclaredOverride, ...]:
    return (
        DeclaredOverride(policy=RATE, pattern=tenant, limit=plan.rate, burst=plan.burst),
        DeclaredOverride(policy=QUOTA, pattern=tenant, limit=plan.quota),
    )
