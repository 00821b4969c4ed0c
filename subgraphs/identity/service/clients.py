"""Finding clients and making sure that they are who they say; and making, changing and removing them.

A client is changed where it was registered, whichever region is asked; the others have copies (`service.replication`).
"""

import hmac
import secrets
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from common.auth.revocation import Kind
from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.clients import (
    AboutClient,
    Client,
    ClientChanged,
    RemoveClient,
    RotateClientSecret,
    check_client,
)
from subgraphs.identity.oauth_errors import InvalidClientError
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.service.neighbours import Neighbours, RegionUnavailableError
from subgraphs.identity.service.revocations import NEWS, revoke
from subgraphs.identity.store import audit
from subgraphs.identity.store import clients as store
from subgraphs.identity.store.revocations import own_name
from subgraphs.identity.tokens import ACCESS_TOKENS_OVER

REMEMBERED_FOR = 1.0  # seconds in which a client that has changed may still count as it was
SECRET_OVERLAP = timedelta(hours=1)
_REMEMBERED = 1_000
_ISSUED_AHEAD = timedelta(seconds=5)
"""For how long after an end a process may still issue: what it remembers, a slow request, and clocks that differ."""
_MAX_ID = 100


class Credentials(Struct, frozen=True):
    """Who a request says that it comes from; without a secret a client is public or it is refused."""

    client_id: str
    secret: str | None


class Clients:
    """The registered clients, read at most every few seconds, and those that come with the platform."""

    def __init__(
        self, database: Database, built_in: Mapping[str, Client], neighbours: Neighbours | None
    ) -> None:
        self._database = database
        self._built_in = built_in
        self._neighbours = neighbours
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
        origin: Origin,
        *,
        name: str,
        grant_types: Collection[str],
        scopes: Collection[str],
        redirect_uris: Collection[str],
        post_logout_redirect_uris: Collection[str],
        is_public: bool,
        require_pushed_authorization_requests: bool = False,
        backchannel_logout_uri: str | None = None,
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
            require_pushed_authorization_requests=require_pushed_authorization_requests,
            backchannel_logout_uri=backchannel_logout_uri,
        )
        check_client(client)
        async with self._database.transaction() as transaction:
            await store.insert_client(transaction, client)
            made = await store.client_by_id(transaction, client.id)
            await audit.record(
                transaction, EventKind.CLIENT_REGISTERED, None, origin, details={"client": client.id}
            )
            transaction.changed(*NEWS)
            failpoint("identity.client.before_registration")
        assert made is not None
        return made, secret

    async def rotate_secret(self, id_: str, origin: Origin, *, end_old: bool) -> str | None:
        """Another secret for the client; None when it has none. The one until now counts for an hour more.

        With `end_old` it ends now, with every token that the client has. Raises RegionUnavailableError.
        """
        own = await self._own()
        return (await self._change(RotateClientSecret(id_, end_old, own), origin)).secret

    async def remove(self, id_: str, origin: Origin) -> bool:
        """Whether there was such a client. Every token that it has ends. Raises RegionUnavailableError."""
        return (await self._change(RemoveClient(id_, await self._own()), origin)).is_changed

    async def answer(self, question: AboutClient) -> ClientChanged:
        """Changes a client of this region, and none of another, for an admin there, who is not named."""
        return await self._change_here(question, Origin(), {"askedBy": question.asker})

    async def _change_here(
        self, question: AboutClient, origin: Origin, details: Mapping[str, str]
    ) -> ClientChanged:
        secret, ends = None, True
        async with self._database.transaction() as transaction:
            if isinstance(question, RemoveClient):
                is_changed = await store.remove_client(transaction, question.id)
            else:
                secret, ends = new_token(), question.end_old
                overlap = None if ends else SECRET_OVERLAP
                is_changed = await store.replace_secret(transaction, question.id, digest(secret), overlap)
            if not is_changed:
                return ClientChanged(is_changed=False)
            failpoint("identity.client.before_end")
            await _record(transaction, question, origin, details)
            transaction.changed(*NEWS)
            if ends:
                await end_tokens(transaction, question.id)
            failpoint("identity.client.before_commit")
        self._remembered.pop(question.id, None)
        return ClientChanged(is_changed=True, secret=secret)

    async def newest(self, first: int) -> list[Client]:
        """The clients in the database, the newest first."""
        async with self._database.transaction() as transaction:
            return await store.newest_clients(transaction, first)

    async def _own(self) -> str:
        async with self._database.transaction() as transaction:
            return await own_name(transaction)

    async def _change(self, question: AboutClient, origin: Origin) -> ClientChanged:
        """The answer of the region that the client is of."""
        if len(question.id) > _MAX_ID or "\x00" in question.id:
            return ClientChanged(is_changed=False)
        async with self._database.transaction() as transaction:
            home, is_own = await store.home_of(transaction, question.id) or ("", True)
        if is_own:
            return await self._change_here(question, origin, {})
        if self._neighbours is None:
            raise RegionUnavailableError(home)
        answered = await self._neighbours.ask(home, question, ClientChanged)
        self._remembered.pop(question.id, None)
        if answered.is_changed:
            async with self._database.transaction() as transaction:
                await _record(transaction, question, origin, {"region": home})
        return answered

    async def _read(self, id_: str) -> Client | None:
        async with self._database.transaction() as transaction:
            client = await store.client_by_id(transaction, id_)
        self._remembered.pop(id_, None)
        if client is not None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[id_] = time.monotonic(), client
        return client


async def _record(
    transaction: Transaction, question: AboutClient, origin: Origin, details: Mapping[str, str]
) -> None:
    is_removed = isinstance(question, RemoveClient)
    kind = EventKind.CLIENT_REMOVED if is_removed else EventKind.CLIENT_SECRET_ROTATED
    await audit.record(transaction, kind, None, origin, details={**details, "client": question.id})


async def end_tokens(transaction: Transaction, client_id: str) -> None:
    """Ends what a client of whatever region was given here until now; let it be the last that `transaction` does."""
    until = datetime.now(UTC) + ACCESS_TOKENS_OVER + _ISSUED_AHEAD
    await revoke(transaction, Kind.CLIENT_EPOCH, client_id, until, ahead=_ISSUED_AHEAD)


def _proves(secret: str | None, client: Client) -> bool:
    if secret is None or client.is_public:
        return secret is None and client.is_public
    presented = digest(secret)
    known = (client.secret_hash, client.old_secret_hash)
    return any(hmac.compare_digest(presented, hash_) for hash_ in known if hash_ is not None)
