"""What happened to a payment, and what was asked of its provider, in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry

from common.app.values import Money
from subgraphs.payments.domain import attempts, history
from subgraphs.payments.domain.attempts import AttemptState, Operation
from subgraphs.payments.domain.disputes import DisputeOpened
from subgraphs.payments.domain.history import Happened

strawberry.enum(Operation, description="What is asked of a provider.")
strawberry.enum(
    AttemptState,
    description="SENT, UNKNOWN and ACTION_REQUIRED are asked about until the provider tells an end, SUCCEEDED or DECLINED.",
)


@strawberry.type(description="One operation at the provider.")
class PaymentAttempt:
    id: strawberry.ID
    operation: Operation
    state: AttemptState
    amount: Money
    tries: int = strawberry.field(description="How often the provider was asked to do it, or about it.")
    code: str | None = strawberry.field(description="Why it was DECLINED.")
    created_at: datetime
    resolved_at: datetime | None

    @classmethod
    def of(cls, attempt: attempts.Attempt) -> "PaymentAttempt":
        return cls(
            id=strawberry.ID(str(attempt.id)),
            operation=attempt.operation,
            state=attempt.state,
            amount=Money.of(attempt.amount),
            tries=attempt.tries,
            code=attempt.code,
            created_at=attempt.created_at,
            resolved_at=attempt.resolved_at,
        )


@strawberry.type(description="One event of a payment's history.")
class PaymentEvent:
    version: int
    type: str = strawberry.field(description="Created, Requested, Authorised, Captured, and so on.")
    at: datetime
    operation: Operation | None = strawberry.field(description="What was requested or declined.")
    amount: Money | None
    code: str | None = strawberry.field(description="Why it was declined; what a bank says of a dispute.")

    @classmethod
    def of(cls, happened: Happened, currency: str) -> "PaymentEvent":
        event = happened.event
        return cls(
            version=happened.version,
            type=type(event).__name__,
            at=happened.at,
            operation=event.operation if isinstance(event, history.Requested | history.Declined) else None,
            amount=_amount(event, currency),
            code=_code(event),
        )


def _amount(event: history.Happening, currency: str) -> Money | None:
    match event:
        case history.Created(amount=amount):
            return Money.of(amount)
        case (
            history.Requested(amount=minor)
            | history.Authorised(amount=minor)
            | history.Captured(amount=minor)
            | history.Refunded(amount=minor)
            | DisputeOpened(amount=minor)
        ):
            return Money(amount=minor, currency=currency)
    return None


def _code(event: history.Happening) -> str | None:
    match event:
        case history.Declined(code=code):
            return code
        case DisputeOpened(reason=reason):
            return reason
    return None
