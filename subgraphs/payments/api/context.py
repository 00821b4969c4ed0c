"""What the resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from subgraphs.payments.api.loaders import Loaders
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    wallets: Wallets
    payments: Payments
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, *, wallets: Wallets, payments: Payments) -> "Context":
        return cls(request.caller, wallets, payments, Loaders(wallets, payments))


Info: TypeAlias = strawberry.Info[Context, None]
