"""What payments' resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import ServiceRequest
from common.auth import Caller
from common.errors import UnauthenticatedError
from subgraphs.payments.api.loaders import Loaders
from subgraphs.payments.service import Payments


@dataclass(frozen=True)
class Context:
    """Made for one request; `loaders` batch the look-ups of that request."""

    caller: Caller | None
    payments: Payments
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, payments: Payments) -> "Context":
        return cls(request.caller, payments, Loaders(payments))

    def is_caller(self, user_id: str) -> bool:
        return self.caller is not None and self.caller.subject == user_id

    def require_caller(self) -> str:
        """The caller's user id. Raises UnauthenticatedError when nobody is signed in."""
        if self.caller is None:
            raise UnauthenticatedError
        return self.caller.subject


Info: TypeAlias = strawberry.Info[Context, None]
