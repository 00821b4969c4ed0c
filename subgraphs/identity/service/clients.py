"""Finding clients and making sure that they are who they say."""

import hmac
import secrets
import time
from collections.abc import Collection, Mapping
from datetime import timedelta

from msgspec import Struct

from common.database import Database
from subgraphs.identity.domain.clients import Client, check_client
from subgraphs.identity.oauth_errors import InvalidClientError
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.store import clients as store

REMEMBERED_FOR = 5.0  # seconds in which a secret that was replaced may still count
SECRET_OVERLAP = timedelta(hours=1)
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
        if id_ is None or len(id_) > _MAX_ID or "\x00" in id_:
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

    async def create(
        self,
        *,
        name: str,
        grant_types: Collection[str],
        scopes: Collection[str],
        redirect_uris: Collection[str],
        post_logout_redirect_uris: Collection[str],
        is_public: bool,
    ) -> tuple[Client, str | None]:
        """A new client, and its secret unless it is public.

        Raises:
            InvalidInputError
        """
        secret = None if is_public else new_token()
        client = Client(
            id=f"cl_{secrets.token_hex(10)}",
            name=name,
            secret_hash=digest(secret) if secret else None,
            redirect_uris=sorted(set(redirect_uris)),
            post_logout_redirect_uris=sorted(set(post_logout_redirect_uris)),
            grant_types=sorted(set(grant_types)),
            scopes=sorted(set(scopes)),
        )
        check_client(client)
        async with self._database.transaction() as transaction:
            await store.insert_client(transaction, client)
        return client, secret

    async def rotate_secret(self, id_: str) -> str | None:
        """Another secret for the client; None when it has none. The one until now counts for an hour more."""
        if len(id_) > _MAX_ID or "\x00" in id_:
            return None
        secret = new_token()
        async with self._database.transaction() as transaction:
            is_replaced = await store.replace_secret(transaction, id_, digest(secret), SECRET_OVERLAP)
        self._remembered.pop(id_, None)
        return secret if is_replaced else None

    async def newest(self, first: int) -> list[Client]:
        """The clients in the database, the newest first."""
        async with self._database.transaction() as transaction:
            return await store.newest_clients(transaction, first)

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
