"""Identity's queries."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from subgraphs.identity.api.context import Info
from subgraphs.identity.api.types import User


@strawberry.type
class Query:
    @strawberry.field(description="The caller; null without a token.")
    async def me(self, info: Info) -> User | None:
        caller = info.context.caller
        return await User.load(info, caller.subject) if caller else None

    @strawberry.field(description="The user of that id.")
    async def user(self, info: Info, id: strawberry.ID) -> User | None:  # noqa: A002 - the argument's name in the schema
        return await User.load(info, id)
