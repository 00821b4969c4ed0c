"""What the rate limiter's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from common.app import CallerContext, ServiceRequest
from common.app.loaders import by_key
from subgraphs.ratelimit.access import CHECK_SCOPE, WRITE_SCOPE, require_write
from subgraphs.ratelimit.domain.policies import Namespace, Override, Policy
from subgraphs.ratelimit.service.decisions import RateLimits
from subgraphs.ratelimit.service.policies import PolicyBook


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; the loaders batch the look-ups of that request."""

    limits: RateLimits
    book: PolicyBook
    namespaces: DataLoader[UUID | str, Namespace | None]
    policies: DataLoader[UUID, Policy | None]
    policies_of: DataLoader[str, list[Policy] | None]
    overrides: DataLoader[UUID, Override | None]
    overrides_of: DataLoader[UUID, list[Override] | None]

    @classmethod
    def of(cls, request: ServiceRequest, limits: RateLimits, book: PolicyBook) -> "Context":
        return cls(
            request.caller,
            limits,
            book,
            by_key(book.find_namespaces),
            by_key(book.find_policies),
            by_key(book.policies_of),
            by_key(book.find_overrides),
            by_key(book.overrides_of),
        )

    def require_write(self) -> str:
        """The caller's id, if they may change policies."""
        return require_write(self.caller)

    def may_look(self, user_id: str | None) -> bool:
        """Whether the caller may see how limits stand: their own, or anyone's with a scope of this service."""
        scopes = self.caller.scopes if self.caller else frozenset[str]()
        return bool(scopes & {CHECK_SCOPE, WRITE_SCOPE}) or (user_id is not None and self.is_caller(user_id))


Info: TypeAlias = strawberry.Info[Context, None]
