"""Proving that an e-mail address is the user's own, and changing it."""

from uuid import UUID

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.identity.domain.accounts import User, is_email, normalise_email
from subgraphs.identity.domain.audit import EventKind, Origin
from subgraphs.identity.domain.directory import Claim
from subgraphs.identity.domain.emails import Purpose
from subgraphs.identity.domain.mail import email_change, notice, verification
from subgraphs.identity.errors import EmailTakenError, InvalidCodeError, UnknownUserError
from subgraphs.identity.links import Links
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.roles import Roles
from subgraphs.identity.service.step_up import Proof, StepUp
from subgraphs.identity.store import accounts, audit
from subgraphs.identity.store import emails as store
from subgraphs.identity.throttle import SignInThrottle


class Emails:
    """Whoever can read the mail of an address, has it."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        *,
        links: Links,
        step_up: StepUp,
        throttle: SignInThrottle,
        roles: Roles,
        addresses: Addresses,
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._links = links
        self._step_up = step_up
        self._throttle = throttle
        self._roles = roles
        self._addresses = addresses

    async def ask_for_verification(self, user_id: UUID, origin: Origin) -> None:
        """Has a link sent to the user's address, which verifies it. Raises TooManyAttemptsError, UnknownUserError."""
        async with self._database.transaction() as transaction:
            user = (await accounts.users_by_id(transaction, [user_id])).get(user_id)
        if user is None:
            raise UnknownUserError
        await self._throttle.count(user.email, origin.client_address)
        async with self._database.transaction() as transaction:
            await self.post_verification(transaction, user)
            failpoint("identity.ask_verification.before_commit")

    async def post_verification(self, transaction: Transaction, user: User) -> None:
        """The same, as part of what makes the account."""
        token = new_token()
        await store.put_token(transaction, Purpose.VERIFY_EMAIL, user.email, digest(token))
        await self._mailbox.post(transaction, verification(user.email, self._links.verify_email(token)))

    async def verify(self, token: str, origin: Origin) -> UUID:
        """Whose address the token proves. Raises InvalidCodeError."""
        async with self._database.transaction() as transaction:
            redeemed = await store.redeem(transaction, Purpose.VERIFY_EMAIL, digest(token))
            user_id = await store.verify(transaction, redeemed.email) if redeemed else None
            if redeemed is None or user_id is None:
                raise InvalidCodeError
            await audit.record(transaction, EventKind.EMAIL_VERIFIED, user_id, origin)
            await self._roles.proved(transaction, user_id, redeemed.email)
            failpoint("identity.verify_email.before_commit")
        return user_id

    async def change(self, user_id: UUID, email: str, proof: Proof) -> None:
        """Has a link sent to the new address; the old one is told, and stays until the link is used.

        Whether another account has the address is not told before it is proved to be the caller's own.

        Raises:
            InvalidInputError, and as `StepUp.require` does
        """
        email = normalise_email(email)
        if not is_email(email):
            raise InvalidInputError("email", "is not an e-mail address")
        user = await self._step_up.require(user_id, proof)
        await self._throttle.count(email, proof.origin.client_address)
        token = new_token()
        async with self._database.transaction() as transaction:
            await store.put_token(transaction, Purpose.CHANGE_EMAIL, email, digest(token), user_id)
            await self._mailbox.post(transaction, email_change(email, self._links.change_email(token)))
            await self._tell(transaction, user.email, "Your account is about to get another e-mail address")
            await audit.record(transaction, EventKind.EMAIL_CHANGE_ASKED, user_id, proof.origin)
            failpoint("identity.change_email.before_commit")

    async def confirm_change(self, token: str, origin: Origin) -> UUID:
        """Whose account has the proved address now; the old one is told.

        Raises:
            InvalidCodeError, EmailTakenError
            RegionUnavailableError: whether another region has the address cannot be known now; the token stays good
        """
        claim = await self._claim(token)
        async with self._database.transaction() as transaction:
            redeemed = await store.redeem(transaction, Purpose.CHANGE_EMAIL, digest(token))
            if redeemed is None or redeemed.user_id is None:
                raise InvalidCodeError
            user_id = redeemed.user_id
            before = await store.change(transaction, user_id, redeemed.email)
            if before is None:
                raise EmailTakenError
            if before != redeemed.email:
                await self._addresses.take(transaction, claim)
                await self._addresses.give_up(transaction, before)
            await self._tell(transaction, before, "Your account has another e-mail address now")
            await audit.record(transaction, EventKind.EMAIL_CHANGED, user_id, origin)
            failpoint("identity.confirm_email.before_commit")
        return user_id

    async def prune(self) -> None:
        """Forgets tokens that are too old."""
        async with self._database.transaction() as transaction:
            await store.prune(transaction)

    async def _claim(self, token: str) -> Claim | None:
        """A claim to the address that the token was mailed to; None for one that is the account's already."""
        async with self._database.transaction() as transaction:
            promised = await store.promised(transaction, Purpose.CHANGE_EMAIL, digest(token))
            holder = await accounts.user_by_email(transaction, promised.email) if promised else None
        if promised is None:
            raise InvalidCodeError
        if holder is not None and holder.id == promised.user_id:
            return None
        return await self._addresses.claim(promised.email)

    async def _tell(self, transaction: Transaction, email: str, what: str) -> None:
        await self._mailbox.post(transaction, notice(email, what, self._links.ask_for_recovery()))
