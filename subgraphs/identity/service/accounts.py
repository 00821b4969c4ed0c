"""Identity's use cases: sign up, sign in, look people up."""

import time
from collections.abc import Collection
from uuid import UUID

from msgspec import Struct

from common.database import Database
from common.failpoints import failpoint
from subgraphs.identity.domain.accounts import User, check_sign_up, is_email, normalise_email, password_fits
from subgraphs.identity.domain.audit import EventKind, Origin, Outcome
from subgraphs.identity.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    InvalidSignUpError,
    SecondFactorNeededError,
)
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.codes import Codes
from subgraphs.identity.service.emails import Emails
from subgraphs.identity.service.roles import Roles
from subgraphs.identity.store import accounts as store
from subgraphs.identity.store import audit
from subgraphs.identity.throttle import SignInThrottle
from subgraphs.identity.tokens import PLATFORM_CLIENT, AccessToken, AccessTokens


class Session(Struct, frozen=True):
    """Who signed in, and the token that proves it."""

    user: User
    token: AccessToken


class Identity:
    """No call holds a transaction while a password is hashed."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: SignInThrottle,
        tokens: AccessTokens,
        *,
        roles: Roles,
        emails: Emails,
        codes: Codes,
        addresses: Addresses,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._tokens = tokens
        self._roles = roles
        self._emails = emails
        self._codes = codes
        self._addresses = addresses

    async def sign_up(self, *, email: str, name: str, password: str, origin: Origin) -> Session:
        """Makes an account and signs in to it.

        Raises:
            InvalidSignUpError, EmailTakenError, TooManyAttemptsError, OverloadedError
            RegionUnavailableError: whether another region has the address cannot be known now
        """
        wanted = check_sign_up(email=email, name=name, password=password)
        await self._throttle.count(wanted.email, origin.client_address)
        problem = await self._passwords.weakness(wanted.password, (wanted.email, wanted.name))
        if problem is not None:
            raise InvalidSignUpError("password", problem)
        password_hash = await self._passwords.hash(wanted.password)
        claim = await self._addresses.claim(wanted.email)
        async with self._database.transaction() as transaction:
            user = await store.insert_user(transaction, wanted.email, wanted.name)
            if user is None:
                raise EmailTakenError
            await self._addresses.take(transaction, claim)
            await store.put_password_hash(transaction, user.id, password_hash)
            await self._emails.post_verification(transaction, user)
            await audit.record(transaction, EventKind.SIGNED_UP, user.id, origin)
            failpoint("identity.sign_up.before_commit")
        return Session(user, await self._issue(user))

    async def sign_in(self, *, email: str, password: str, code: str | None, origin: Origin) -> Session:
        """Exchanges a password for a token, and a code where the account asks for one; an unknown address takes as long as a wrong password.

        Raises:
            InvalidCredentialsError, SecondFactorNeededError, InvalidCodeError, TooManyAttemptsError, OverloadedError
        """
        user = await self.authenticate(email=email, password=password, origin=origin)
        async with self._database.transaction() as transaction:
            methods = await self._codes.of(transaction, user.id)
        if not methods:
            return Session(user, await self._issue(user))
        if code is None:
            raise SecondFactorNeededError(methods)
        await self._codes.check(user.id, code, origin)
        return Session(user, await self._issue(user, "otp", "mfa"))

    async def authenticate(self, *, email: str, password: str, origin: Origin) -> User:
        """Whose password it is.

        Raises:
            InvalidCredentialsError, TooManyAttemptsError, OverloadedError
        """
        email = normalise_email(email)
        await self._throttle.count(email, origin.client_address)
        found = await self._credential(email) if is_email(email) else None
        known_hash = found.password_hash if found else None
        if (
            not password_fits(password)
            or not await self._passwords.verify(password, known_hash)
            or found is None
        ):
            await self._record_sign_in(found.user.id if found else None, origin, Outcome.FAILURE)
            raise InvalidCredentialsError
        await self._throttle.forget(email)
        if self._passwords.is_outdated(found.password_hash):
            await self._rehash(found.user.id, password)
        await self._record_sign_in(found.user.id, origin, Outcome.SUCCESS)
        return found.user

    async def users(self, ids: Collection[UUID]) -> dict[UUID, User]:
        """The users of those ids that exist, by one statement."""
        async with self._database.transaction() as transaction:
            return await store.users_by_id(transaction, ids)

    async def _record_sign_in(self, user_id: UUID | None, origin: Origin, outcome: Outcome) -> None:
        async with self._database.transaction() as transaction:
            await audit.record(transaction, EventKind.SIGNED_IN, user_id, origin, outcome=outcome)

    async def _issue(self, user: User, *methods: str) -> AccessToken:
        access = await self._roles.access_of(user.id)
        claims = {"auth_time": int(time.time()), "amr": ["pwd", *methods], "roles": access.roles}
        return await self._tokens.issue(
            str(user.id), client_id=PLATFORM_CLIENT, scopes=access.scopes, claims=claims
        )

    async def _credential(self, email: str) -> store.Credential | None:
        async with self._database.transaction() as transaction:
            return await store.credential_by_email(transaction, email)

    async def _rehash(self, user_id: UUID, password: str) -> None:
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction() as transaction:
            await store.put_password_hash(transaction, user_id, password_hash)
