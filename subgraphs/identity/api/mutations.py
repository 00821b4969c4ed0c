"""Identity's mutations."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# Strawberry types its field decorators as Any; what `settle` gives is a member of the resolver's union.

import strawberry

from subgraphs.identity.api.context import Info
from subgraphs.identity.api.refusals import settle
from subgraphs.identity.api.types import Session, SignInInput, SignInResult, SignUpInput, SignUpResult


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Make an account and sign in to it.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpResult:  # noqa: A002 - the argument's name in the schema
        context = info.context
        sign_up = context.identity.sign_up(
            email=input.email, name=input.name, password=input.password, origin=context.origin
        )
        return await settle(sign_up, Session.of)

    @strawberry.mutation(description="Exchange a password for an access token.")
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:  # noqa: A002 - the argument's name in the schema
        context = info.context
        sign_in = context.provider.signing_in.sign_in(
            email=input.email, password=input.password, code=input.code, origin=context.origin
        )
        return await settle(sign_in, Session.of)
