"""Types that several subgraphs have in the graph; being shareable, they must be the same in each of them."""

from typing import Protocol

import strawberry
import strawberry.federation


class Amount(Protocol):
    """Money in a service's own domain."""

    @property
    def amount(self) -> int: ...
    @property
    def currency(self) -> str: ...


@strawberry.federation.type(shareable=True, description="An amount of money.")
class Money:
    amount: int = strawberry.field(description="In minor units: cents.")
    currency: str = strawberry.field(description="The code of ISO 4217.")

    @classmethod
    def of(cls, money: Amount) -> "Money":
        return cls(amount=money.amount, currency=money.currency)


@strawberry.federation.type(shareable=True, description="Where a page ends (GraphQL Cursor Connections).")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None = strawberry.field(description="Give it as `after` for the next page.")


@strawberry.federation.type(shareable=True, description="A value in the request cannot be right.")
class InvalidInput:
    message: str
    field: str
    code: str = "INVALID_INPUT"


@strawberry.federation.type(shareable=True, description="The idempotency key was used for another request.")
class IdempotencyKeyReused:
    message: str
    code: str = "IDEMPOTENCY_KEY_REUSED"
