"""What a door of the edge answers: a status, headers and a body that is encoded already."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from common.app.responses import JSON_HEADERS
from common.auth import InvalidToken
from common.errors import DomainError

PROBLEM_HEADERS = (("content-type", "application/problem+json"),)

_encode = msgspec.json.Encoder().encode


class EdgeAnswer(Struct, frozen=True):
    """A whole answer; `content-length` is added when it is sent."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, value: object, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> "EdgeAnswer":
        """The answer whose body is `value` as JSON."""
        return cls(status, (*JSON_HEADERS, *headers), _encode(value))


def problem(
    status: int,
    title: str,
    headers: Sequence[tuple[str, str]] = (),
    type_: str = "about:blank",
    members: Mapping[str, object] | None = None,
) -> EdgeAnswer:
    """A problem document (RFC 9457); `members` are its extensions."""
    body = {"type": type_, "title": title, "status": status, **(members or {})}
    return EdgeAnswer(status, (*PROBLEM_HEADERS, *headers), _encode(body))


def refused(error: DomainError) -> EdgeAnswer:
    """The problem document of a refusal; one of a token carries the challenge of RFC 6750."""
    challenge: Sequence[tuple[str, str]] = ()
    if isinstance(error, InvalidToken):
        challenge = tuple(pair for pair in error.headers() if pair[0] == "www-authenticate")
    elif error.status == 401:
        challenge = (("www-authenticate", "Bearer"),)
    members = {"code": error.code, **error.extensions}
    return problem(error.status, error.message, challenge, members=members)
