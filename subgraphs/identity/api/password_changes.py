"""Other passwords, through the graph."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# Strawberry types its field decorators as Any; what `settle` gives is a member of the resolver's union.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.emails import LetterResult, sent
from subgraphs.identity.api.refusals import (
    InvalidCode,
    InvalidCredentials,
    SignInAgain,
    TooManyAttempts,
    settle,
)
from subgraphs.identity.api.types import User, user_of

ChangePasswordResult: TypeAlias = Annotated[
    User | InvalidInput | InvalidCredentials | SignInAgain | TooManyAttempts,
    strawberry.union("ChangePasswordResult"),
]
RecoverPasswordResult: TypeAlias = Annotated[
    User | InvalidInput | InvalidCode, strawberry.union("RecoverPasswordResult")
]


@strawberry.type
class PasswordMutations:
    @strawberry.mutation(
        description="Have another password. It takes a sign-in of the last five minutes or the password until now."
    )
    async def change_password(
        self, info: Info, new_password: str, current_password: str | None = None
    ) -> ChangePasswordResult:
        context = info.context
        user_id = context.require_user()
        change = context.services.password_changes.change(
            user_id,
            new_password,
            context.proof(current_password),
        )
        return await settle(change, user_of(info))

    @strawberry.mutation(
        description="Have a link sent to the address that leads to a new password, if it has an account; which is not told."
    )
    async def send_password_recovery(self, info: Info, email: str) -> LetterResult:
        changes = info.context.services.password_changes
        return await settle(changes.ask_for_recovery(email, info.context.origin), sent)

    @strawberry.mutation(description="Give the account that the token was mailed to another password.")
    async def recover_password(self, info: Info, token: str, new_password: str) -> RecoverPasswordResult:
        changes = info.context.services.password_changes
        return await settle(changes.recover(token, new_password, info.context.origin), user_of(info))
