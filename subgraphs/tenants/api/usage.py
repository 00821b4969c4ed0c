"""Usage in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Sequence
from datetime import UTC, datetime

import strawberry

from subgraphs.tenants.domain.usage import Bucket, Dimension, Span, Window
from subgraphs.tenants.domain.usage import Quota as DomainQuota

strawberry.enum(Span, name="UsageSpan", description="How long a bucket is; days and months are UTC's.")
strawberry.enum(Dimension, name="UsageDimension", description="By what buckets of one time are told apart.")


@strawberry.type(
    description="What was used in a span of time; null where buckets are not told apart by it. Numbers are whole, up to 2^53."
)
class UsageBucket:
    start: datetime
    route: str | None
    consumer: str | None
    key_id: strawberry.ID | None
    requests: float = strawberry.field(description="Answered by an upstream.")
    refused: float = strawberry.field(description="By the gateway's own decision.")
    failed: float = strawberry.field(description="Let through, and answered by no upstream.")
    bytes_in: float
    bytes_out: float

    @classmethod
    def of(cls, bucket: Bucket) -> "UsageBucket":
        return cls(
            start=bucket.start,
            route=bucket.route,
            consumer=bucket.consumer,
            key_id=strawberry.ID(bucket.key_id) if bucket.key_id else None,
            requests=bucket.requests,
            refused=bucket.refused,
            failed=bucket.failed,
            bytes_in=bucket.bytes_in,
            bytes_out=bucket.bytes_out,
        )


@strawberry.type(name="TenantQuota", description="How the month's quota stands, in UTC.")
class Quota:
    limit: int
    used: float = strawberry.field(description="Requests that upstreams have answered.")
    remaining: int
    resets_at: datetime

    @classmethod
    def of(cls, quota: DomainQuota) -> "Quota":
        return cls(limit=quota.limit, used=quota.used, remaining=quota.remaining, resets_at=quota.resets_at)


def window(since: datetime, until: datetime, span: Span, by: Sequence[Dimension] | None) -> Window:
    """What is asked for; times without a zone are UTC's."""
    return Window(in_utc(since), in_utc(until), span, by or ())


def in_utc(moment: datetime) -> datetime:
    """A time without a zone is UTC's."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
