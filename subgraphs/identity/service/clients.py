"""Finding clients and making sure that they are who they say."""

import hmac
import time
from collections.abc import Mapping

from msgspec import Struct

from common.database import Database
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.oauth_errors import InvalidClientError
from subgraphs.identity.opaque import digest
from subgraphs.identity.store import clients as store

REMEMBERED_FOR = 5.0  # seconds in which a secret that was replaced may still count
_REMEMBERED = 1_000
_MAX_ID = 100


class Credentials(Struct, frozen=True):
    """Who a request says that it comes from; without a secret a client is public or it is refused."""

    client_id: str
    secret: str | None


class Clients:
    """The registered clients, read at most every few seconds, and those that come with the platform."""

    def __init__(self, database: Database, built_in: Mapping[str, Client]) -> None:
        self._database = database
        self._built_in = built_in
        self._remembered: dict[str, tuple[float, Client]] = {}

    async def find(self, id_: str | None) -> Client | None:
        """The client of that id."""
        if id_ is None or len(id_) > _MAX_ID:
            return None
        if id_ in self._built_in:
            return self._built_in[id_]
        read_at, client = self._remembered.get(id_, (float("-inf"), None))
        if client is not None and time.monotonic() - read_at < REMEMBERED_FOR:
            return client
        return await self._read(id_)

    async def authenticate(self, credentials: Credentials) -> Client:
        """The client.

        Raises:
            InvalidClientError: it is unknown, or its secret is missing, wrong, or one too many.
        """
        client = await self.find(credentials.client_id)
        if client is None or not _proves(credentials.secret, client):
            raise InvalidClientError
        return client

    def forget(self, id_: str) -> None:
        """Reads the client anew when it is asked for next, as it has changed."""
        self._remembered.pop(id_, None)

    async def _read(self, id_: str) -> Client | None:
        async with self._database.transaction() as transaction:
            client = await store.client_by_id(transaction, id_)
        self._remembered.pop(id_, None)
        if client is not None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[id_] = time.monotonic(), client
        return client


def _proves(secret: str | None, client: Client) -> bool:
    if secret is None or client.is_public:
        return secret is None and client.is_public
    presented = digest(secret)
    known = (client.secret_hash, client.old_secret_hash)
    return any(hmac.compare_digest(presented, hash_) for hash_ in known if hash_ is not None)
