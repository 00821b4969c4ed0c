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


@strawberry.type(description="The account has no such second factor.")
class FactorNotFound:
    message: str
    code: str = "FACTOR_NOT_FOUND"


@strawberry.type(description="The passkey was not accepted.")
class InvalidPasskey:
    message: str


@strawberry.type(
    description="The password is right, and the account asks for a code as well. Passkeys work on the sign-in page only."
)
class SecondFactorNeeded:
    message: str
    methods: list[str] = strawberry.field(description="`totp`, `passkey`, `recovery_code`: those it has.")


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
    errors.UnknownFactorError: lambda refusal: FactorNotFound(message=refusal.message),
    errors.InvalidPasskeyError: lambda refusal: InvalidPasskey(message=refusal.message),
    errors.SecondFactorNeededError: lambda refusal: SecondFactorNeeded(
        message=refusal.message, methods=_methods(refusal)
    ),
    errors.InvalidCodeError: lambda refusal: InvalidCode(message=refusal.message),
    errors.SignInAgainError: lambda refusal: SignInAgain(message=refusal.message),
    InvalidInputError: lambda refusal: InvalidInput(message=refusal.message, field=_field(refusal)),
}


def _methods(refusal: DomainError) -> list[str]:
    methods = refusal.extensions["methods"]
    assert isinstance(methods, list)
    return methods


def _field(refusal: DomainError) -> str:
    return str(refusal.extensions["field"])
