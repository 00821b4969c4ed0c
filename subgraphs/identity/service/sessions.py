"""Signing browsers in and out. Whether a password is right is the accounts' to say; this is what follows from it."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from common.auth.revocation import Kind
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_page
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.sessions import PendingSignIn, SecondFactorNeeded, Session, SignedIn, Visitor
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.service.ending import end_sessions
from subgraphs.identity.service.revocations import revoke
from subgraphs.identity.service.second_factors import SecondFactors
from subgraphs.identity.store import audit, logout_notices
from subgraphs.identity.store import sessions as store
from subgraphs.identity.tokens import ACCESS_TOKENS_OVER


class Sessions:
    """Each call is one transaction."""

    def __init__(self, database: Database, second_factors: SecondFactors) -> None:
        self._database = database
        self._second_factors = second_factors

    async def find(self, token: str | None) -> Session | None:
        """The session of a browser's token, if it still is one."""
        if token is None:
            return None
        async with self._database.transaction() as transaction:
            found = await store.session_by_token(transaction, digest(token))
            if found is not None:
                await store.touch_session(transaction, found.id)
        return found

    async def begin(
        self, user_id: UUID, amr: Collection[str], continue_to: str, visitor: Visitor
    ) -> SignedIn | SecondFactorNeeded:
        """What follows a right password: a session, or a sign-in that waits for the second factor.

        The session that the browser had before goes on under a new token if it is the same user's, and else ends.
        """
        async with self._database.transaction() as transaction:
            if await self._second_factors.of(transaction, user_id):
                pending = new_token()
                row = PendingSignIn(user_id, list(amr), continue_to)
                await store.insert_pending(transaction, digest(pending), row)
                return SecondFactorNeeded(pending)
            return await _sign_in(transaction, user_id, amr, continue_to, visitor)

    async def sign_in(
        self, user_id: UUID, amr: Collection[str], continue_to: str, visitor: Visitor
    ) -> SignedIn:
        """What follows a sign-in that needs no second factor."""
        async with self._database.transaction() as transaction:
            return await _sign_in(transaction, user_id, amr, continue_to, visitor)

    async def pending(self, pending_token: str | None) -> PendingSignIn | None:
        """The sign-in that waits for its second factor."""
        if pending_token is None:
            return None
        async with self._database.transaction() as transaction:
            return await store.pending_by_token(transaction, digest(pending_token))

    async def may_attempt(self, pending_token: str | None) -> bool:
        """Counts an attempt at the second factor, before it is looked at; False when they are used up."""
        if pending_token is None:
            return False
        async with self._database.transaction() as transaction:
            return await store.count_attempt(transaction, digest(pending_token))

    async def complete(self, pending_token: str | None, method: str, visitor: Visitor) -> SignedIn | None:
        """What follows the right second factor, by `method` of RFC 8176; None when the sign-in was too old or done."""
        if pending_token is None:
            return None
        async with self._database.transaction() as transaction:
            pending = await store.take_pending(transaction, digest(pending_token))
            if pending is None:
                return None
            amr = [*pending.amr, method, "mfa"]
            return await _sign_in(transaction, pending.user_id, amr, pending.continue_to, visitor)

    async def of_users(self, user_ids: Collection[UUID], first: int) -> dict[UUID, list[Session]]:
        """The sessions of each user, the one seen last first, by one statement."""
        async with self._database.transaction() as transaction:
            return await store.sessions_of(transaction, user_ids, check_page(first))

    async def many(self, ids: Collection[UUID]) -> dict[UUID, Session]:
        """The sessions of those ids that are, by one statement."""
        async with self._database.transaction() as transaction:
            return await store.sessions_by_id(transaction, ids)

    async def end_of(self, user_id: UUID, id_: UUID, origin: Origin) -> bool:
        """Ends a session of the user's; whether there was one of that id."""
        async with self._database.transaction() as transaction:
            found = (await store.sessions_by_id(transaction, [id_])).get(id_)
            if found is None or found.user_id != user_id:
                return False
            await audit.record(transaction, EventKind.SESSION_ENDED, user_id, origin)
            await end_session(transaction, id_)
        return True

    async def end_all(self, user_id: UUID, origin: Origin) -> int:
        """Ends all sessions of the user and all that clients were given; how many sessions there were."""
        async with self._database.transaction() as transaction:
            await audit.record(transaction, EventKind.ALL_SESSIONS_ENDED, user_id, origin)
            ended = await end_sessions(transaction, user_id)
            failpoint("identity.end_sessions.before_commit")
        return ended

    async def end(self, session: Session) -> None:
        """Signs the browser out."""
        async with self._database.transaction() as transaction:
            await end_session(transaction, session.id)


async def end_session(transaction: Transaction, id_: UUID) -> None:
    """Ends a session and what came from it, wherever it is: codes, refresh tokens, access tokens. Clients are told."""
    await logout_notices.post_of_session(transaction, id_)
    failpoint("identity.logout.after_notices")
    await store.delete_session(transaction, id_)
    failpoint("identity.session.after_delete")
    await revoke(transaction, Kind.SID, str(id_), datetime.now(UTC) + ACCESS_TOKENS_OVER)


async def _sign_in(
    transaction: Transaction,
    user_id: UUID,
    amr: Collection[str],
    continue_to: str,
    visitor: Visitor,
) -> SignedIn:
    before = await store.session_by_token(transaction, digest(visitor.token)) if visitor.token else None
    fresh = new_token()
    if before is not None and before.user_id == user_id:
        session = await store.renew_session(transaction, before.id, digest(fresh), amr)
    else:
        if before is not None:
            await end_session(transaction, before.id)
        session = await store.insert_session(transaction, user_id, digest(fresh), amr, visitor.user_agent)
    failpoint("identity.sign_in.before_commit")
    return SignedIn(session, fresh, continue_to)
