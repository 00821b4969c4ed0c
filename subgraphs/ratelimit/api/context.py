"""What the rate limiter's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import ListLoader, by_key
from common.errors import ForbiddenError
from common.live import Live
from subgraphs.ratelimit.access import CHECK_SCOPE, WRITE_SCOPE, require_write
from subgraphs.ratelimit.domain.policies import Namespace, Override, Policy
from subgraphs.ratelimit.domain.usage import Consumer, MinuteUsage
from subgraphs.ratelimit.service.decisions import RateLimits
from subgraphs.ratelimit.service.policies import PolicyBook
from subgraphs.ratelimit.service.usage import Usage


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; the loaders batch the look-ups of that request."""

    limits: RateLimits
    book: PolicyBook
    usage: Usage
    live: Live
    namespaces: DataLoader[UUID | str, Namespace | None]
    policies: DataLoader[UUID, Policy | None]
    policies_of: DataLoader[str, list[Policy] | None]
    overrides: DataLoader[UUID, Override | None]
    overrides_of: DataLoader[UUID, list[Override] | None]
    usage_of: ListLoader[UUID, MinuteUsage]
    consumers_of: ListLoader[UUID, Consumer]

    @classmethod
    def of(
        cls, request: ServiceRequest, limits: RateLimits, book: PolicyBook, usage: Usage, live: Live
    ) -> "Context":
        return cls(
            request.caller,
            limits,
            book,
            usage,
            live,
            by_key(book.find_namespaces),
            by_key(book.find_policies),
            by_key(book.policies_of),
            by_key(book.find_overrides),
            by_key(book.overrides_of),
            ListLoader(usage.of_policies),
            ListLoader(usage.top_consumers),
        )

    def require_write(self) -> str:
        """The caller's id, if they may change policies."""
        return require_write(self.caller)

    def require_operator(self) -> None:
        """Raise UnauthenticatedError without a caller, ForbiddenError for one without a scope of this service."""
        self.require_caller()
        if not self.may_look(None):
            raise ForbiddenError(f"This needs the scope {CHECK_SCOPE} or {WRITE_SCOPE}")

    def may_look(self, user_id: str | None) -> bool:
        """Whether the caller may see how limits stand: their own, or anyone's with a scope of this service."""
        scopes = self.caller.scopes if self.caller else frozenset[str]()
        return bool(scopes & {CHECK_SCOPE, WRITE_SCOPE}) or (user_id is not None and self.is_caller(user_id))


Info: TypeAlias = strawberry.Info[Context, None]
