"""Payments' queries."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from subgraphs.payments.api.context import Info
from subgraphs.payments.api.types import Payment


@strawberry.type
class Query:
    @strawberry.field(description="The caller's payment of that id.")
    async def payment(self, info: Info, id: strawberry.ID) -> Payment | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Payment.resolve_reference(info, id)
