"""What a mutation may come to, besides success: what is wrong with the request, or with how things stand."""

from typing import TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.errors import DomainError
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.tenants.errors import ConflictError


@strawberry.type(
    description=(
        "It cannot be as things stand: SLUG_TAKEN, LAST_OWNER, PLAN_LIMIT, KEY_ENDED, DOMAIN_NOT_PROVED, DOMAIN_TAKEN, "
        "CURRENCY, CONSUMER_REMOVED or CONFLICT."
    )
)
class TenantConflict:
    message: str
    code: str


Refusal: TypeAlias = InvalidInput | IdempotencyKeyReused | TenantConflict
EXPECTED = (InvalidInputError, IdempotencyMismatch, ConflictError)


def refusal(error: DomainError) -> Refusal:
    """One of the `EXPECTED` errors as the graph tells it."""
    match error:
        case InvalidInputError():
            return InvalidInput(message=error.message, field=error.field)
        case IdempotencyMismatch():
            return IdempotencyKeyReused(message=error.message)
        case _:
            return TenantConflict(message=error.message, code=error.code)
