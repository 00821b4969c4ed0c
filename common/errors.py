"""Errors that a caller may see, each with a code that stays the same.

Everything else that is raised inside a service is a defect: it is logged in full and shown as
`INTERNAL_SERVER_ERROR` with no detail.
"""

from typing import ClassVar


class DomainError(Exception):
    """A refusal with a message that is safe to show.

    Subclasses set `code`, which goes to `extensions.code` of the GraphQL error and to `code` of the
    problem document (RFC 9457) of an HTTP door, and `status`, the HTTP status of that document.
    `extensions` are further members for the caller; they must be JSON.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = extensions


class UnauthenticatedError(DomainError):
    """The operation needs a caller and the request brought no token."""

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(self, message: str = "Sign in to do this", **extensions: object) -> None:
        super().__init__(message, **extensions)


class ForbiddenError(DomainError):
    """The caller is known and may not do this."""

    code = "UNAUTHORIZED"
    status = 403


class OverloadedError(DomainError):
    """The service has no room for the work now; the same request may succeed later."""

    code = "OVERLOADED"
    status = 503


class DeadlineExceededError(DomainError):
    """The time that the router gave for the request ran out; the work was cancelled."""

    code = "DEADLINE_EXCEEDED"
    status = 504
