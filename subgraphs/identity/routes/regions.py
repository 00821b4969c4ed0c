"""The doors by which other regions follow this one, and everybody sees how old what it knows of them is."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from msgspec import Struct

from common.app import refusals
from common.database import RetryableError
from common.errors import OverloadedError
from subgraphs.identity.routes.revocations import answer, described, read_cursors
from subgraphs.identity.service.neighbours import PATH, Neighbours
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.replication import Replica, Teller

HEALTH = "/regions/health"


class RegionHealth(Struct, frozen=True, rename="camel"):
    """For how many milliseconds this region has not heard of another; null before it has for the first time."""

    name: str
    is_own: bool
    lag_ms: float | None


class RegionsHealth(Struct, frozen=True):
    """All regions, the one that answers first."""

    regions: list[RegionHealth]


def region_routes(teller: Teller, neighbours: Neighbours | None) -> list[HTTPRouteHandler]:
    """The route handler over what this region tells of itself; of its clients only to `neighbours`."""

    @get(PATH, summary="This region, for the others", responses=described(Replica), logged=False)
    async def region(
        request: Request[Any, Any, Any],
        after: FromQuery[str] = "",
        clients: FromQuery[int] = 0,
        wait: FromQuery[float] = 0.0,
    ) -> Response[bytes]:
        is_neighbour = neighbours is not None and "signature" in request.headers
        if neighbours is not None and is_neighbour:
            neighbours.check("GET", request.headers.items(), b"")
        try:
            replica = await teller.replica(read_cursors(after), clients if is_neighbour else None, wait)
        except RetryableError as error:
            raise OverloadedError("This region cannot tell of itself now") from error
        return answer(msgspec.json.encode(replica))

    return [region]


def region_health_routes(regions: Regions) -> list[HTTPRouteHandler]:
    """The route handler over what this region knows of the others."""

    @get(HEALTH, summary="How old what is known of each region is", responses=refusals(503), logged=False)
    async def health() -> RegionsHealth:
        try:
            known = await regions.all()
        except RetryableError as error:
            raise OverloadedError("What is known of regions cannot be read now") from error
        return RegionsHealth([RegionHealth(each.name, each.is_own, each.lag_ms) for each in known])

    return [health]
