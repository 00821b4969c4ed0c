"""Identity's mutations."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from subgraphs.identity import errors
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.refusals import EmailTaken, InvalidCredentials, InvalidSignUp, TooManyAttempts
from subgraphs.identity.api.types import Session, SignInInput, SignInResult, SignUpInput, SignUpResult


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Make an account and sign in to it.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpResult:  # noqa: A002 - the argument's name in the schema
        context = info.context
        try:
            session = await context.identity.sign_up(
                email=input.email,
                name=input.name,
                password=input.password,
                origin=context.origin,
            )
        except errors.EmailTakenError as refusal:
            return EmailTaken(message=refusal.message)
        except errors.InvalidSignUpError as refusal:
            return InvalidSignUp(message=refusal.message, field=refusal.field)
        except errors.TooManyAttemptsError as refusal:
            return TooManyAttempts(message=refusal.message, retry_after=refusal.retry_after)
        return Session.of(session)

    @strawberry.mutation(description="Exchange a password for an access token.")
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:  # noqa: A002 - the argument's name in the schema
        context = info.context
        try:
            session = await context.identity.sign_in(
                email=input.email, password=input.password, origin=context.origin
            )
        except errors.InvalidCredentialsError as refusal:
            return InvalidCredentials(message=refusal.message)
        except errors.TooManyAttemptsError as refusal:
            return TooManyAttempts(message=refusal.message, retry_after=refusal.retry_after)
        return Session.of(session)
