"""Telling whether a token counts (RFC 7662), and ending one that its client does not want any more (RFC 7009)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.auth import Caller, InvalidToken, TokenVerifier
from common.auth.revocation import Kind
from common.database import Database
from common.failpoints import failpoint
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.domain.grants import RefreshToken
from subgraphs.identity.opaque import digest
from subgraphs.identity.service.grants import end_family
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.store import grants as store

INTROSPECT = "introspect"
"""The scope of clients that may ask about tokens of others: resource servers."""
INACTIVE: Mapping[str, Any] = {"active": False}


class TokenStatus:
    """Looks at tokens of one issuer. Nothing is said of a token to a client that it is no business of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def introspect(self, client: Client, token: str, verifier: TokenVerifier) -> Mapping[str, Any]:
        """What there is to say of the token; of one that does not count, that and nothing else."""
        refresh = RefreshToken.parse(token)
        if refresh is not None:
            return await self._refresh_token(client, refresh)
        caller = await _verified(token, verifier)
        if caller is None or not (caller.claims["client_id"] == client.id or INTROSPECT in client.scopes):
            return INACTIVE
        family = caller.claims.get("fam")
        if family is not None and await self._family(UUID(family)) is None:
            return INACTIVE
        return {"active": True, "token_type": "Bearer", **caller.claims}

    async def revoke(self, client: Client, token: str, verifier: TokenVerifier) -> None:
        """Ends a token of the client's, and with it all that was granted together. What is no such token is over already."""
        refresh = RefreshToken.parse(token)
        if refresh is not None:
            found = await self._family(refresh.family)
            if found is not None and found.grant.client_id == client.id and _is_in(refresh, found):
                await self._end(refresh.family)
            return
        caller = await _verified(token, verifier)
        if caller is None or caller.claims["client_id"] != client.id:
            return
        if "fam" in caller.claims:
            await self._end(UUID(caller.claims["fam"]))
            return
        async with self._database.transaction() as transaction:
            until = datetime.fromtimestamp(caller.claims["exp"] + 60, UTC)
            await revoke(transaction, Kind.JTI, caller.claims["jti"], until)

    async def _end(self, family: UUID) -> None:
        async with self._database.transaction() as transaction:
            await end_family(transaction, family)
            failpoint("identity.token.before_revocation")

    async def _family(self, id_: UUID) -> store.Family | None:
        async with self._database.transaction() as transaction:
            return await store.family(transaction, id_)

    async def _refresh_token(self, client: Client, token: RefreshToken) -> Mapping[str, Any]:
        found = await self._family(token.family)
        if found is None or found.grant.client_id != client.id or not _is_in(token, found):
            return INACTIVE
        return {
            "active": True,
            "client_id": client.id,
            "sub": str(found.grant.user_id),
            "scope": " ".join(found.grant.scopes),
            "exp": int(found.expires_at.timestamp()),
        }


def _is_in(token: RefreshToken, family: store.Family) -> bool:
    """Whether it is the newest of the family, or the one before it within its grace."""
    presented = digest(token.secret)
    is_previous = presented == family.previous_hash and family.sealed_successor is not None
    return is_previous or presented == family.current_hash


async def _verified(token: str, verifier: TokenVerifier) -> Caller | None:
    try:
        return await verifier.verify(token)
    except InvalidToken:
        return None
