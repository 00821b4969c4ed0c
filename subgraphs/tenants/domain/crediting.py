"""Credits: money that a tenant need not pay, granted by the platform and used up by statements."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from common.inputs import InvalidInputError
from subgraphs.tenants.domain.months import Month
from subgraphs.tenants.domain.plans import MOST

_REASON = 200
_NEVER = datetime.max.replace(tzinfo=UTC)


class NewCredit(Struct, frozen=True):
    """`amount` is in minor units of the currency in which the tenant is billed."""

    amount: int
    reason: str
    expires_at: datetime | None = None


class Credit(Struct, frozen=True, kw_only=True):
    """`remaining` is what no statement has used yet."""

    tenant_id: UUID
    id: UUID
    amount: int
    currency: str
    remaining: Annotated[int, Meta(ge=0)]
    reason: str
    expires_at: datetime | None
    granted_by: str
    granted_at: datetime

    def is_good_for(self, month: Month) -> bool:
        """Whether there is something left, and it had not expired when the month ended."""
        return self.remaining > 0 and (self.expires_at or _NEVER) >= month.end


class AppliedCredit(Struct, frozen=True):
    """What a statement has used of a credit."""

    credit_id: UUID
    amount: int


def check_new_credit(new: NewCredit) -> NewCredit:
    """Return `new`, or raise InvalidInputError for the first of its members that is wrong."""
    if not 1 <= new.amount <= MOST:
        raise InvalidInputError("amount", f"must be 1 to {MOST} minor units")
    if not 1 <= len(new.reason.strip()) <= len(new.reason) <= _REASON or not new.reason.isprintable():
        raise InvalidInputError("reason", f"must be 1 to {_REASON} printable characters")
    return new


def apply_credits(granted: Iterable[Credit], due: int, month: Month) -> Iterator[AppliedCredit]:
    """What pays for `due`: what expires first is used first, then what was granted first."""
    good = (credit for credit in granted if credit.is_good_for(month))
    for credit in sorted(good, key=lambda each: (each.expires_at or _NEVER, each.id)):
        part = min(credit.remaining, due)
        if part > 0:
            yield AppliedCredit(credit.id, part)
        due -= part
