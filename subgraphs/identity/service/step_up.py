"""Whether a signed-in caller is the account's owner still: by a sign-in of a moment ago, or by the password again."""

import time
from uuid import UUID

from msgspec import Struct

from common.database import Database
from subgraphs.identity.domain.accounts import User, password_fits
from subgraphs.identity.domain.audit import EventKind, Origin, Outcome
from subgraphs.identity.errors import InvalidCredentialsError, SignInAgainError, UnknownUserError
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.store import accounts as store
from subgraphs.identity.store import audit
from subgraphs.identity.throttle import SignInThrottle

FRESH = 300  # seconds since the sign-in


class Proof(Struct, frozen=True):
    """What a signed-in caller brings: when they signed in (`auth_time`), perhaps the password, and where they are."""

    signed_in_at: float | None
    password: str | None
    origin: Origin


class StepUp:
    """What changes how an account is entered asks for this first."""

    def __init__(self, database: Database, passwords: Passwords, throttle: SignInThrottle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def require(self, user_id: UUID, proof: Proof) -> User:
        """The user, if they signed in at most five minutes ago or it is their password.

        Raises:
            SignInAgainError: neither was given.
            InvalidCredentialsError, TooManyAttemptsError, OverloadedError, UnknownUserError
        """
        async with self._database.transaction() as transaction:
            found = await store.credential_of(transaction, user_id)
        if found is None:
            raise UnknownUserError
        if proof.password is not None:
            await self._check(found, proof.password, proof.origin)
        elif proof.signed_in_at is None or time.time() - proof.signed_in_at > FRESH:
            raise SignInAgainError
        return found.user

    async def _check(self, found: store.Credential, password: str, origin: Origin) -> None:
        await self._throttle.count(found.user.email, None)
        if not password_fits(password) or not await self._passwords.verify(password, found.password_hash):
            async with self._database.transaction() as transaction:
                kind = EventKind.REAUTHENTICATED
                await audit.record(transaction, kind, found.user.id, origin, outcome=Outcome.FAILURE)
            raise InvalidCredentialsError
        await self._throttle.forget(found.user.email)
