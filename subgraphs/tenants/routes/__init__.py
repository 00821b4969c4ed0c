"""The doors of the control plane, on the raw edge: for services that have a key to judge, and for data planes."""

from typing import Any

from common.app import EdgeRoute
from common.app.edge import Doorkeeper
from subgraphs.tenants.routes import dataplane, keys
from subgraphs.tenants.service.directory import KeyDirectory
from subgraphs.tenants.service.feed import Feed
from subgraphs.tenants.service.use_cases import UseCases
from subgraphs.tenants.settings import Settings

VERIFY_SCOPE = "tenants:verify"
DATA_PLANE_SCOPE = "tenants:dataplane"


def routes(settings: Settings, use: UseCases, directory: KeyDirectory, feed: Feed) -> list[EdgeRoute[Any]]:
    """All doors; each takes the services' token, or an access token with its scope."""
    return [
        *keys.routes(directory, feed, Doorkeeper(settings.token, VERIFY_SCOPE)),
        *dataplane.routes(use, feed, Doorkeeper(settings.token, DATA_PLANE_SCOPE)),
    ]
