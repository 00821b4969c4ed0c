"""Other passwords: by the old one or a fresh sign-in, and by mail when it is forgotten."""

from uuid import UUID

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.identity.domain.accounts import User, is_email, normalise_email, password_fits
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.emails import Purpose
from subgraphs.identity.domain.mail import notice, recovery
from subgraphs.identity.errors import InvalidCodeError
from subgraphs.identity.links import Links
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.service.ending import end_sessions
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.step_up import Proof, StepUp
from subgraphs.identity.store import accounts, audit, emails, second_factors
from subgraphs.identity.throttle import SignInThrottle


class PasswordChanges:
    """No call holds a transaction while a password is hashed."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        mailbox: Mailbox,
        *,
        links: Links,
        step_up: StepUp,
        throttle: SignInThrottle,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._mailbox = mailbox
        self._links = links
        self._step_up = step_up
        self._throttle = throttle

    async def change(self, user_id: UUID, new: str, proof: Proof) -> UUID:
        """Gives the user another password, and signs them out everywhere; whose it is.

        Raises:
            InvalidInputError: the new one is too weak.
            And as `StepUp.require` does.
        """
        user = await self._step_up.require(user_id, proof)
        password_hash = await self._hash(new, user.email, user.name)
        async with self._database.transaction() as transaction:
            await self._put(transaction, user, password_hash, EventKind.PASSWORD_CHANGED, proof.origin)
        return user.id

    async def ask_for_recovery(self, email: str, origin: Origin) -> None:
        """Has a link sent to the address, if it has an account; the answer and the work are the same if not.

        Raises:
            TooManyAttemptsError, OverloadedError
        """
        email = normalise_email(email)
        await self._throttle.count(email, origin.client_address)
        if not is_email(email):
            return
        token = new_token()
        async with self._database.transaction() as transaction:
            user = await accounts.user_by_email(transaction, email)
            await emails.put_token(transaction, Purpose.RECOVER_PASSWORD, email, digest(token))
            await self._mailbox.post(transaction, recovery(email, self._links.recover(token)))
            user_id = user.id if user else None
            await audit.record(transaction, EventKind.RECOVERY_ASKED, user_id, origin)
            failpoint("identity.ask_recovery.before_commit")

    async def recover(self, token: str, new: str, origin: Origin) -> UUID:
        """Gives the account of the address that the token was mailed to another password; whose it is.

        Raises:
            InvalidCodeError, InvalidInputError, OverloadedError
        """
        async with self._database.transaction() as transaction:
            if await emails.promised(transaction, Purpose.RECOVER_PASSWORD, digest(token)) is None:
                raise InvalidCodeError
        password_hash = await self._hash(new)
        async with self._database.transaction() as transaction:
            redeemed = await emails.redeem(transaction, Purpose.RECOVER_PASSWORD, digest(token))
            user = await accounts.user_by_email(transaction, redeemed.email) if redeemed else None
            if user is None:
                raise InvalidCodeError
            if user.email_verified_at is None:  # whoever made the account had not shown that it is theirs
                await second_factors.delete_all(transaction, user.id)
            await emails.verify(transaction, user.email)
            await self._put(transaction, user, password_hash, EventKind.PASSWORD_RECOVERED, origin)
        await self._throttle.forget(user.email)
        return user.id

    async def _hash(self, new: str, *known: str) -> str:
        if not password_fits(new):
            raise InvalidInputError("newPassword", "must have 8 to 1024 characters")
        problem = await self._passwords.weakness(new, known)
        if problem is not None:
            raise InvalidInputError("newPassword", f"is refused: {problem}")
        return await self._passwords.hash(new)

    async def _put(
        self, transaction: Transaction, user: User, password_hash: str, kind: EventKind, origin: Origin
    ) -> None:
        await accounts.put_password_hash(transaction, user.id, password_hash)
        letter = notice(user.email, "Your account has another password now", self._links.ask_for_recovery())
        await self._mailbox.post(transaction, letter)
        await audit.record(transaction, kind, user.id, origin)
        await end_sessions(transaction, user.id)
        failpoint("identity.put_password.before_commit")
