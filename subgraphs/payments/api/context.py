"""What payments' resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from subgraphs.payments.api.loaders import Loaders
from subgraphs.payments.service import Payments


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    payments: Payments
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, payments: Payments) -> "Context":
        return cls(request.caller, payments, Loaders(payments))


Info: TypeAlias = strawberry.Info[Context, None]
