"""What inventory's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from subgraphs.inventory.api.loaders import Loaders
from subgraphs.inventory.service.services import Services


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    services: Services
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, services: Services) -> "Context":
        return cls(request.caller, services, Loaders(services))


Info: TypeAlias = strawberry.Info[Context, None]
