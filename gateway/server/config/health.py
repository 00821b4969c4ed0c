"""The keys of the health doors."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.server.config.duration import Duration

ListenAddress = Annotated[str, Meta(pattern=r"^.+:[0-9]{1,5}$")]
"""`HOST:PORT`."""

DoorPath = Annotated[str, Meta(pattern=r"^/[^{}?#]*[^/{}?#]$")]
"""A path that stands for itself alone."""


class ReadinessInterval(Struct, frozen=True):
    """How long refusals are counted, and for how long the router then is not ready: twice that, unless it is told."""

    sampling: Duration = Duration(5)
    unready: Duration | None = None


class Readiness(Struct, frozen=True):
    """How many answers of 503 and 504 in one interval still let the router be ready."""

    allowed: Annotated[int, Meta(ge=0)] = 100
    interval: ReadinessInterval = ReadinessInterval()


class HealthCheck(Struct, frozen=True):
    """`path` and below it `/live` and `/ready`, which `?live` and `?ready` mean, too.

    They are at the router's address unless `listen` gives them one of their own.
    """

    enabled: bool = True
    listen: ListenAddress | None = None
    path: DoorPath = "/health"
    readiness: Readiness = Readiness()
