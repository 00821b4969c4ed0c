"""Deciding about authorization requests: who must sign in first, who must be asked, and the code when all is said.

Nothing is stored of a request until it is granted: it travels through the pages as it came.
"""

from collections.abc import Collection
from enum import Enum
from uuid import UUID

from common.database import Database
from common.failpoints import failpoint
from subgraphs.identity.domain.authorization import AuthorizationRequest, Prompt, Refusal
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.domain.grants import Code, Grant
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.id_tokens import IdTokens
from subgraphs.identity.oauth_errors import OAuthError, invalid_request
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.store import clients as clients_store
from subgraphs.identity.store import grants as store
from subgraphs.identity.store import logout_notices, pushed_requests


class Need(Enum):
    """What has to happen before a request can be granted."""

    SIGN_IN = "SIGN_IN"
    CONSENT = "CONSENT"


class Authorization:
    """Grants requests for the users of a database."""

    def __init__(self, database: Database, id_tokens: IdTokens) -> None:
        self._database = database
        self._id_tokens = id_tokens

    async def decide(
        self,
        request: AuthorizationRequest,
        session: Session | None,
        *,
        has_just_signed_in: bool,
        has_consented: bool,
        pushed: str | None = None,
    ) -> str | Need:
        """The code, or what has to happen before.

        `has_just_signed_in`: because of this very request; then it asks for no other sign-in. `has_consented`: on its page, now.
        `pushed`: the token of the pushed request that it is, which is good for one code.

        Raises:
            Refusal: something has to happen and `prompt=none` forbids it; or the pushed request was answered meanwhile.
        """
        if session is None or not await self._is_signed_in(request, session, anew=has_just_signed_in):
            return self._must(Need.SIGN_IN, "login_required", request)
        if not has_consented and await self._must_consent(request, session.user_id):
            return self._must(Need.CONSENT, "consent_required", request)
        return await self._grant(request, session, pushed, keep_consent=has_consented)

    def _must(self, need: Need, error: str, request: AuthorizationRequest) -> Need:
        if Prompt.NONE in request.prompts:
            refusal = OAuthError(error, "The user has to be asked, and prompt=none forbids it")
            raise Refusal(request.redirect_uri, request.state, refusal)
        return need

    async def _is_signed_in(self, request: AuthorizationRequest, session: Session, *, anew: bool) -> bool:
        if not anew and request.prompts & {Prompt.LOGIN, Prompt.SELECT_ACCOUNT}:
            return False
        if not anew and request.max_age is not None and session.age.total_seconds() > request.max_age:
            return False
        if request.id_token_hint is None:
            return True
        hint = await self._id_tokens.read_hint(request.id_token_hint)
        return hint is not None and hint["sub"] == str(session.user_id)

    async def _must_consent(self, request: AuthorizationRequest, user_id: UUID) -> bool:
        if Prompt.CONSENT in request.prompts:
            return True
        if request.client.is_first_party:
            return False
        async with self._database.transaction() as transaction:
            known = await clients_store.consented_scopes(transaction, user_id, request.client.id)
        return not known.issuperset(request.scopes)

    async def _grant(
        self, request: AuthorizationRequest, session: Session, pushed: str | None, *, keep_consent: bool
    ) -> str:
        code = new_token()
        async with self._database.transaction() as transaction:
            if pushed is not None and not await pushed_requests.delete_pushed(transaction, digest(pushed)):
                refusal = invalid_request("The pushed request was answered before")
                raise Refusal(request.redirect_uri, request.state, refusal)
            if keep_consent:
                known = await clients_store.consented_scopes(transaction, session.user_id, request.client.id)
                scopes = sorted(known.union(request.scopes))
                await clients_store.put_consent(transaction, session.user_id, request.client.id, scopes)
                failpoint("identity.authorize.after_consent")
            if request.client.backchannel_logout_uri is not None:
                await logout_notices.remember(transaction, session.id, request.client.id)
            await store.insert_code(transaction, digest(code), _code(request, session))
            failpoint("identity.authorize.before_commit")
        return code


def _code(request: AuthorizationRequest, session: Session) -> Code:
    return Code(
        grant=grant_of(request.client, session, request.scopes, request.userinfo_claims),
        session_id=session.id,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        id_token_claims=request.id_token_claims,
    )


def grant_of(
    client: Client, session: Session, scopes: Collection[str], userinfo_claims: Collection[str] = ()
) -> Grant:
    """What a signed-in user allows a client; with `offline_access` it outlives the session."""
    return Grant(
        client_id=client.id,
        user_id=session.user_id,
        session_id=None if "offline_access" in scopes else session.id,
        scopes=list(scopes),
        userinfo_claims=list(userinfo_claims),
        authenticated_at=session.authenticated_at,
        amr=session.amr,
    )
