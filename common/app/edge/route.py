"""One door: where it is, what it takes and gives, and who may use it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from common.app.edge.answers import EdgeAnswer
from common.auth import TokenVerifier

RequestT = TypeVar("RequestT")

MAX_BODY = 1024 * 1024


@dataclass(frozen=True)
class EdgeRoute(Generic[RequestT]):
    """`POST path` with a JSON body.

    Args:
        path: as a whole; there are no parameters in it.
        takes: the body's type, which msgspec decodes and checks.
        gives: the type of the answer with each status, for the documentation; None has no body that is JSON of a type.
        answer: what the door does; it may raise DomainError.
        admit: raises DomainError for who may not use the door; asked before the body is looked at.
        summary: what the door is for.
    """

    path: str
    takes: type[RequestT]
    gives: Mapping[int, Any]
    answer: Callable[[RequestT], Awaitable[EdgeAnswer]]
    admit: Callable[[str | None, TokenVerifier], Awaitable[None]]
    summary: str
    max_body: int = MAX_BODY
