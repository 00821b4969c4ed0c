"""E-mail addresses in the graph: proving them and changing them."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# Strawberry types its field decorators as Any; what `settle` gives is a member of the resolver's union.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.refusals import (
    EmailTaken,
    InvalidCode,
    InvalidCredentials,
    SignInAgain,
    TooManyAttempts,
    settle,
)
from subgraphs.identity.api.types import User, user_of


@strawberry.type(description="A letter is on its way, to an address that may have one.")
class LetterSent:
    message: str


LetterResult: TypeAlias = Annotated[LetterSent | TooManyAttempts, strawberry.union("LetterResult")]
VerifyEmailResult: TypeAlias = Annotated[User | InvalidCode, strawberry.union("VerifyEmailResult")]
ChangeEmailResult: TypeAlias = Annotated[
    LetterSent | InvalidInput | InvalidCredentials | SignInAgain | TooManyAttempts,
    strawberry.union("ChangeEmailResult"),
]
ConfirmEmailResult: TypeAlias = Annotated[
    User | InvalidCode | EmailTaken, strawberry.union("ConfirmEmailResult")
]


async def sent(_: object) -> LetterSent:
    return LetterSent(message="If the address can have the letter, it is on its way")


@strawberry.type
class EmailMutations:
    @strawberry.mutation(description="Have a link sent to the caller's address that verifies it.")
    async def send_email_verification(self, info: Info) -> LetterResult:
        context = info.context
        emails = context.services.emails
        return await settle(emails.ask_for_verification(context.require_user(), context.origin), sent)

    @strawberry.mutation(description="Verify the address that the token was sent to.")
    async def verify_email(self, info: Info, token: str) -> VerifyEmailResult:
        return await settle(info.context.services.emails.verify(token, info.context.origin), user_of(info))

    @strawberry.mutation(
        description="Ask for another address. It takes a sign-in of the last five minutes or the password, and the link in a letter."
    )
    async def change_email(
        self, info: Info, email: str, current_password: str | None = None
    ) -> ChangeEmailResult:
        context = info.context
        change = context.services.emails.change(
            context.require_user(),
            email,
            context.proof(current_password),
        )
        return await settle(change, sent)

    @strawberry.mutation(description="Have the address that the token was sent to from now on.")
    async def confirm_email_change(self, info: Info, token: str) -> ConfirmEmailResult:
        emails = info.context.services.emails
        return await settle(emails.confirm_change(token, info.context.origin), user_of(info))
