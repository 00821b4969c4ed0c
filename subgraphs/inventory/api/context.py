"""What inventory's resolvers find in `info.context`."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from common.app import CallerContext, ServiceRequest
from subgraphs.inventory.api.loaders import Loaders
from subgraphs.inventory.service import Inventory


@dataclass(frozen=True)
class Context(CallerContext):
    """Made for one request; `loaders` batch the look-ups of that request."""

    inventory: Inventory
    loaders: Loaders

    @classmethod
    def of(cls, request: ServiceRequest, inventory: Inventory) -> "Context":
        return cls(request.caller, inventory, Loaders(inventory))


Info: TypeAlias = strawberry.Info[Context, None]
