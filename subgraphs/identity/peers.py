"""The other regions: where identity is in each of them, and what is done with each while this one runs."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from litestar import Litestar

from common.app.lifespan import Lifespan
from common.database import Database
from common.http import open_transport
from common.settings import SettingsError
from subgraphs.identity.service.regions import Regions
from subgraphs.identity.service.replication import Follower
from subgraphs.identity.settings import REGION, Settings


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


def following(settings: Settings, database: Database, regions: Regions) -> Lifespan:
    """Calls this region by its name, and keeps copies of the others."""
    peers = parse_peers(settings)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        await regions.begin(settings.region)
        async with AsyncExitStack() as followed:
            for name, url in peers.items():
                transport = open_transport(url, apps=app.state.get("apps"))
                await followed.enter_async_context(Follower(database, name, transport).running())
            yield

    return lifespan
