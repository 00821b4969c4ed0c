"""What identity's use cases refuse, as members of result unions."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry

from common.app.values import InvalidInput
from common.errors import DomainError
from common.inputs import InvalidInputError
from subgraphs.identity import errors


@strawberry.type(description="No account has this e-mail address and password.")
class InvalidCredentials:
    message: str


@strawberry.type(description="An account has this e-mail address already.")
class EmailTaken:
    message: str


@strawberry.type(description="A field of the input breaks a rule.")
class InvalidSignUp:
    message: str
    field: str


@strawberry.type(description="The account or the client used up its attempts.")
class TooManyAttempts:
    message: str
    retry_after: int = strawberry.field(description="Seconds to wait.")


@strawberry.type(description="The code is wrong, too old, or was used before.")
class InvalidCode:
    message: str


@strawberry.type(description="The sign-in is too long ago for this: sign in again, or give the password.")
class SignInAgain:
    message: str


T = TypeVar("T")


async def settle(use_case: Awaitable[T], show: Callable[[T], Awaitable[object]]) -> Any:
    """What came of a use case: its result as `show` has it, or its refusal. Errors that are no outcome are raised."""
    try:
        result = await use_case
    except DomainError as refusal:
        shown = _REFUSALS.get(type(refusal))
        if shown is None:
            raise
        return shown(refusal)
    return await show(result)


_REFUSALS: dict[type[DomainError], Callable[[DomainError], object]] = {
    errors.InvalidCredentialsError: lambda refusal: InvalidCredentials(message=refusal.message),
    errors.EmailTakenError: lambda refusal: EmailTaken(message=refusal.message),
    errors.InvalidSignUpError: lambda refusal: InvalidSignUp(message=refusal.message, field=_field(refusal)),
    errors.TooManyAttemptsError: lambda refusal: TooManyAttempts(
        message=refusal.message, retry_after=int(str(refusal.extensions["retryAfter"]))
    ),
    errors.InvalidCodeError: lambda refusal: InvalidCode(message=refusal.message),
    errors.SignInAgainError: lambda refusal: SignInAgain(message=refusal.message),
    InvalidInputError: lambda refusal: InvalidInput(message=refusal.message, field=_field(refusal)),
}


def _field(refusal: DomainError) -> str:
    return str(refusal.extensions["field"])
