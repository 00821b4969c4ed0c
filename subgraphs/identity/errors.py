"""Outcomes of use cases that are not success; the API shows each as a member of a result union."""

from collections.abc import Collection

from common.errors import DomainError


class InvalidCredentialsError(DomainError):
    """No account has this e-mail address and password. Which of the two is wrong is not told."""

    code = "INVALID_CREDENTIALS"
    status = 401

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong")


class EmailTakenError(DomainError):
    """An account has this e-mail address already."""

    code = "EMAIL_TAKEN"
    status = 409

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists")


class InvalidSignUpError(DomainError):
    """A member of the sign-up input breaks a rule; `field` names it."""

    code = "INVALID_SIGN_UP"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, field=field)
        self.field = field


class TooManyAttemptsError(DomainError):
    """The account or the client used up its attempts; `retry_after` is in seconds."""

    code = "TOO_MANY_ATTEMPTS"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after} s", retryAfter=retry_after)
        self.retry_after = retry_after


class UnknownUserError(DomainError):
    """No user has the id."""

    code = "USER_NOT_FOUND"
    status = 404

    def __init__(self) -> None:
        super().__init__("No user has this id")


class UnknownRoleError(DomainError):
    """No role has the name, or the user does not have it."""

    code = "ROLE_NOT_FOUND"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no role {name!r} here", role=name)


class LastAdminError(DomainError):
    """Nobody would be left who could make anyone an admin again."""

    code = "LAST_ADMIN"
    status = 409

    def __init__(self) -> None:
        super().__init__("The last admin cannot lose the role; make another one first")


class InvalidCodeError(DomainError):
    """The code or token is unknown, too old, or was used before. Which of these is not told."""

    code = "INVALID_CODE"
    status = 400

    def __init__(self) -> None:
        super().__init__("The code is wrong, too old, or was used before")


class SignInAgainError(DomainError):
    """The caller's sign-in is too long ago for this, and no password came with it (RFC 9470)."""

    code = "SIGN_IN_AGAIN"
    status = 401

    def __init__(self) -> None:
        super().__init__("Sign in again to do this, or give the password")


class InvalidPasskeyError(DomainError):
    """The passkey's answer is malformed, to no question that waits, or not that of a passkey that is known."""

    code = "INVALID_PASSKEY"

    def __init__(self) -> None:
        super().__init__("The passkey was not accepted")


class UnknownFactorError(DomainError):
    """The account has no such second factor."""

    code = "FACTOR_NOT_FOUND"
    status = 404

    def __init__(self) -> None:
        super().__init__("The account has no such second factor")


class SecondFactorNeededError(DomainError):
    """The password is right, and the account asks for a second factor: one of `methods`."""

    code = "SECOND_FACTOR_NEEDED"
    status = 401

    def __init__(self, methods: Collection[str]) -> None:
        super().__init__("This account asks for a second factor, too", methods=list(methods))


class AtHomeElsewhereError(DomainError):
    """The password is right, and the account is at home in another `region`, whose pages alone can sign a browser in."""

    code = "AT_HOME_ELSEWHERE"
    status = 409

    def __init__(self, region: str) -> None:
        super().__init__(f"Your account is at home in the region {region}. Sign in there.", region=region)
        self.region = region
