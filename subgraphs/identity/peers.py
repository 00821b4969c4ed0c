"""The other regions: where identity is in each of them, and what is done with each while this one runs."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from litestar import Litestar
from prometheus_client import CollectorRegistry, Gauge

from common.app.lifespan import Lifespan
from common.database import Database
from common.http import open_transport
from common.settings import Secret, SettingsError
from subgraphs.identity.domain.directory import DirectoryKey
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.neighbours import Neighbours
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.replication import Follower
from subgraphs.identity.settings import REGION, Settings

_LEAST_SECRET = 32


def parse_peers(settings: Settings) -> Mapping[str, str]:
    """The URLs of the other regions by name.

    Raises:
        SettingsError: the setting is not `NAME=URL,NAME=URL`, or names this region.
    """
    pairs = [part.strip().partition("=") for part in settings.region_peers.split(",") if part.strip()]
    peers = {name: url for name, _, url in pairs}
    if not all(re.match(REGION, name) and url for name, url in peers.items()) or settings.region in peers:
        raise SettingsError(
            "Settings of identity: HANSA_REGION_PEERS must be NAME=URL,NAME=URL of the other regions"
        )
    return peers


def open_homes(settings: Settings) -> Homes:
    """The ways to the other regions; nothing is connected yet. Raises SettingsError."""
    try:
        transports = {name: open_transport(url) for name, url in parse_peers(settings).items()}
    except ValueError as error:
        raise SettingsError(f"Settings of identity: HANSA_REGION_PEERS: {error}") from None
    key = settings.directory_key and _directory_key(settings.directory_key)
    return Homes(transports, Neighbours(transports, key.requests) if key else None)


def open_directory(settings: Settings, database: Database, homes: Homes) -> Directory | None:
    """The directory, where the regions have one. Raises SettingsError."""
    if settings.directory_key is None or homes.neighbours is None:
        return None
    regions = [name.strip() for name in settings.directory_regions.split(",") if name.strip()]
    if not regions or not {*regions} <= {settings.region, *homes.transports}:
        raise SettingsError(
            "Settings of identity: HANSA_DIRECTORY_REGIONS must be NAME,NAME of regions that are known here"
        )
    key = _directory_key(settings.directory_key)
    return Directory(database, key, homes.neighbours, settings.region, regions)


def _directory_key(secret: Secret) -> DirectoryKey:
    if len(secret.reveal()) < _LEAST_SECRET:
        raise SettingsError(
            f"Settings of identity: HANSA_DIRECTORY_KEY must have {_LEAST_SECRET} characters or more"
        )
    return DirectoryKey(secret.reveal())


def following(
    region: str, homes: Homes, database: Database, regions: Regions, registry: CollectorRegistry
) -> Lifespan:
    """Calls this region by its name, and keeps copies of the others; `registry` has how old they are."""
    lag = Gauge(
        "identity_region_lag_seconds",
        "Time since all of another region was heard",
        ["region"],
        registry=registry,
    )

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await regions.begin(region)
        async with AsyncExitStack() as followed:
            followed.push_async_callback(homes.close)
            for name, transport in homes.transports.items():
                follower = Follower(database, name, transport, homes.neighbours)
                lag.labels(name).set_function(follower.lag)
                await followed.enter_async_context(follower.running())
            yield

    return lifespan
