"""Exchanging what clients were given for tokens (RFC 6749 sections 4.1.3, 4.4 and 6).

What was used before and comes again is somebody else's too: the whole family that came of it ends, in the transaction that
notices, and all verifiers are told.
"""

import logging
import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, structs

from common.auth.revocation import Kind
from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.identity.domain.audit import EventKind, Origin, Outcome
from subgraphs.identity.domain.clients import STANDARD_SCOPES, Client, GrantType
from subgraphs.identity.domain.grants import Grant, RefreshToken, answers_challenge
from subgraphs.identity.domain.roles import Access
from subgraphs.identity.id_tokens import IdTokens
from subgraphs.identity.oauth_errors import OAuthError, invalid_grant
from subgraphs.identity.opaque import digest
from subgraphs.identity.service.claims import Claims
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.service.roles import Roles
from subgraphs.identity.store import audit
from subgraphs.identity.store import grants as store
from subgraphs.identity.tokens import ACCESS_TOKENS_OVER, LIFETIME, AccessTokens

_log = logging.getLogger("hansa.identity")


class Tokens(Struct, frozen=True, kw_only=True):
    """A token response (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3)."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's name
    refresh_token: str | UnsetType = UNSET
    id_token: str | UnsetType = UNSET


class _Exchanged(Struct, frozen=True):
    """What a code became."""

    grant: Grant
    session_id: UUID
    family: UUID
    refresh_token: str | None
    nonce: str | None
    id_token_claims: list[str]


class Grants:
    """Each exchange is one transaction; tokens are signed after it."""

    def __init__(
        self,
        database: Database,
        key: bytes,
        *,
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        roles: Roles,
        claims: Claims,
        region: str,
    ) -> None:
        self._database = database
        self._key = key
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._roles = roles
        self._claims = claims
        self._region = region

    async def exchange_code(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for a code.

        Raises:
            OAuthError: `invalid_grant`; when it was used before, what it gave then has ended.
        """
        async with self._database.transaction() as transaction:
            exchanged = await self._exchange(transaction, client, code, redirect_uri, verifier)
            failpoint("identity.code.before_commit")
        failpoint("identity.code.before_answer")
        if exchanged is None:
            raise invalid_grant("The code is used, too old, or not for this client and redirect_uri")
        grant = exchanged.grant
        claims = await self._claims.named(grant.user_id, exchanged.id_token_claims)
        return await self.tokens(
            grant,
            exchanged.family,
            refresh_token=exchanged.refresh_token,
            session_id=exchanged.session_id,
            nonce=exchanged.nonce,
            claims=claims,
        )

    async def refresh(self, client: Client, text: str, scopes: Collection[str] | None) -> Tokens:
        """The tokens for a refresh token, which its successor replaces.

        Whoever presents the same token within the grace, at once or because they heard no answer, gets the same successor.

        Raises:
            OAuthError: `invalid_grant`, or `invalid_scope` when `scopes` are more than were granted.
        """
        token = RefreshToken.parse(text)
        if token is None:
            raise invalid_grant("This is no refresh token")
        successor = RefreshToken.new(token.family, self._key, self._region)
        rotated = await store.rotate(
            self._database,
            token.family,
            client.id,
            scopes,
            presented=digest(token.secret),
            successor=digest(successor.secret),
            sealed=token.seal(successor),
        )
        failpoint("identity.refresh.before_answer")
        text = successor.text
        if rotated is None:
            rotated, text = await self._replay(client, token, scopes)
        return await self.tokens(
            _narrowed(rotated.grant, scopes),
            token.family,
            refresh_token=text,
            session_id=rotated.grant.session_id,
            access=rotated.access,
        )

    async def client_credentials(self, client: Client, scopes: Collection[str] | None) -> Tokens:
        """A token for the client itself.

        Raises:
            OAuthError: `invalid_scope` when it asks for some and may have none of them.
        """
        wanted = client.scopes if scopes is None else client.allowed(scopes)
        allowed = [scope for scope in wanted if scope not in STANDARD_SCOPES]
        if not allowed:
            raise OAuthError("invalid_scope", "None of these scopes is the client's own")
        token = await self._access_tokens.issue(client.id, client_id=client.id, scopes=allowed)
        return Tokens(access_token=token.text, expires_in=LIFETIME, scope=" ".join(allowed))

    async def _exchange(
        self, transaction: Transaction, client: Client, code: str, redirect_uri: str, verifier: str
    ) -> _Exchanged | None:
        known = await store.lock_code(transaction, digest(code))
        if known is None or known.code.grant.client_id != client.id:
            return None
        if known.family_id is not None:
            await _end_stolen(transaction, known.family_id, known.code.grant, EventKind.CODE_REUSED)
            return None
        found = known.code
        if (
            not known.is_live
            or found.redirect_uri != redirect_uri
            or not answers_challenge(verifier, found.code_challenge)
        ):
            return None
        family = uuid.uuid4()
        await store.use_code(transaction, digest(code), family)
        failpoint("identity.code.after_use")
        refresh = await self.found(transaction, client, found.grant, family)
        return _Exchanged(found.grant, found.session_id, family, refresh, found.nonce, found.id_token_claims)

    async def found(self, transaction: Transaction, client: Client, grant: Grant, family: UUID) -> str | None:
        """Begins a family; its first refresh token, for a client that may have one."""
        token = (
            RefreshToken.new(family, self._key, self._region) if client.may(GrantType.REFRESH_TOKEN) else None
        )
        await store.insert_family(transaction, family, grant, digest(token.secret) if token else None)
        await store.delete_least_used_families(transaction, grant.user_id, grant.client_id)
        return token.text if token else None

    async def _replay(
        self, client: Client, token: RefreshToken, scopes: Collection[str] | None
    ) -> tuple[store.Rotated, str]:
        """What a token that was not rotated now gave a moment ago, and its successor.

        Raises:
            OAuthError: it is too late, and the family has ended; or it is no token, or wants too much, and nothing has changed.
        """
        presented = digest(token.secret)
        known = await store.known(self._database, token.family, client.id)
        if known is not None and token.is_ours(self._key):
            family = known.family
            if family.current_hash == presented:
                _narrowed(family.grant, scopes)
            elif family.previous_hash == presented and family.sealed_successor is not None:
                return store.Rotated(family.grant, known.access), token.open(family.sealed_successor)
            else:  # and so it is for good, whatever has happened since
                async with self._database.transaction() as transaction:
                    await _end_stolen(transaction, token.family, family.grant, EventKind.REFRESH_TOKEN_REUSED)
        raise invalid_grant("The refresh token is used, revoked, too old, or not this client's")

    async def tokens(
        self,
        grant: Grant,
        family: UUID,
        *,
        refresh_token: str | None,
        session_id: UUID | None,
        nonce: str | None = None,
        claims: dict[str, object] | None = None,
        access: Access | None = None,
    ) -> Tokens:
        """The tokens of a family: an access token, with `openid` an ID token, and the refresh token that was made for it.

        `access` is what the user may do, where that was read already.
        """
        access = access or await self._roles.access_of(grant.user_id)
        scopes = [scope for scope in grant.scopes if scope in STANDARD_SCOPES or scope in access.scopes]
        token = await self._access_tokens.issue(
            str(grant.user_id),
            client_id=grant.client_id,
            scopes=scopes,
            session_id=grant.session_id,
            claims={
                "fam": str(family),
                "auth_time": int(grant.authenticated_at.timestamp()),
                "amr": grant.amr,
                "roles": access.roles,
            },
        )
        id_token = None
        if "openid" in scopes:
            id_token = await self._id_tokens.issue(
                grant, token.text, session_id=session_id, nonce=nonce, claims=claims
            )
        return Tokens(
            access_token=token.text,
            expires_in=LIFETIME,
            scope=" ".join(scopes),
            refresh_token=refresh_token or UNSET,
            id_token=id_token or UNSET,
        )


async def end_family(transaction: Transaction, family: UUID) -> bool:
    """Ends the tokens of a family; whether there was one."""
    ended = await store.delete_family(transaction, family)
    if ended:
        await revoke(transaction, Kind.FAMILY, str(family), datetime.now(UTC) + ACCESS_TOKENS_OVER)
    return ended


async def _end_stolen(transaction: Transaction, family: UUID, grant: Grant, kind: EventKind) -> None:
    _log.warning("%s: the tokens of client %s for user %s end", kind.value, grant.client_id, grant.user_id)
    details = {"client": grant.client_id}
    await audit.record(transaction, kind, grant.user_id, Origin(), outcome=Outcome.FAILURE, details=details)
    await end_family(transaction, family)


def _narrowed(grant: Grant, scopes: Collection[str] | None) -> Grant:
    """The grant for a request that wants less of it, this time (RFC 6749 section 6)."""
    if scopes is None:
        return grant
    if not scopes or not set(scopes) <= set(grant.scopes):
        raise OAuthError("invalid_scope", "The scopes are more than what was granted")
    return structs.replace(grant, scopes=sorted(scopes))
