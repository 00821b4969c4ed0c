"""Second factors that are typed: codes of authenticator apps, and recovery codes. Each counts once."""

from collections.abc import Collection
from uuid import UUID, uuid4

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from common.sealing import Sealer
from subgraphs.identity.domain.audit import EventKind, Origin, Outcome
from subgraphs.identity.domain.mail import notice
from subgraphs.identity.domain.recovery_codes import hash_of, new_codes
from subgraphs.identity.domain.second_factors import Overview, check_factor_name
from subgraphs.identity.domain.totp import MAX_APPS, Enrolment, is_code, new_secret, step_of, uri_of
from subgraphs.identity.errors import InvalidCodeError, UnknownFactorError
from subgraphs.identity.links import Links
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.step_up import Proof, StepUp
from subgraphs.identity.store import audit, passkeys, recovery_codes
from subgraphs.identity.store import totp as store
from subgraphs.identity.store.keys import database_time
from subgraphs.identity.throttle import SignInThrottle


class Codes:
    """What changes the factors asks for a step-up, and is told to the user by mail."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        mailbox: Mailbox,
        *,
        links: Links,
        step_up: StepUp,
        throttle: SignInThrottle,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._mailbox = mailbox
        self._links = links
        self._step_up = step_up
        self._throttle = throttle

    async def of(self, transaction: Transaction, user_id: UUID) -> Collection[str]:
        """The methods by which the user's sign-in can be finished (`SecondFactors`)."""
        overview = await _overview(transaction, user_id)
        methods = {"totp": bool(overview.apps), "passkey": bool(overview.passkeys)}
        found = [method for method, is_there in methods.items() if is_there]
        return [*found, "recovery_code"] if found and overview.recovery_codes_left else found

    async def overview(self, user_id: UUID) -> Overview:
        """What the user has."""
        async with self._database.transaction() as transaction:
            return await _overview(transaction, user_id)

    async def enrol(self, user_id: UUID, name: str, proof: Proof) -> Enrolment:
        """Begins with an authenticator app; `confirm` finishes.

        Raises:
            InvalidInputError: for the name, or when there are too many.
            And as `StepUp.require` does.
        """
        name = check_factor_name(name)
        user = await self._step_up.require(user_id, proof)
        id_, secret = uuid4(), new_secret()
        async with self._database.transaction() as transaction:
            if len(await store.apps_of(transaction, user_id)) >= MAX_APPS:
                raise InvalidInputError("name", f"is one too many: {MAX_APPS} apps are enough")
            sealed = self._sealer.seal(secret.encode(), _purpose(id_))
            await store.enrol(transaction, id_, user_id, name, sealed)
            failpoint("identity.enrol_app.before_commit")
        return Enrolment(id_, secret, uri_of(secret, user.email))

    async def confirm(self, user_id: UUID, id_: UUID, code: str, origin: Origin) -> list[str]:
        """Counts the app from now on; the recovery codes, to be shown once, if the user had none.

        Raises:
            InvalidCodeError, TooManyAttemptsError, OverloadedError
        """
        await self._throttle.count(str(user_id), None)
        async with self._database.transaction() as transaction:
            secrets = await store.secrets_of(transaction, user_id, unconfirmed=id_)
            if not await self._use(transaction, secrets, code):
                raise InvalidCodeError
            app = await store.confirm(transaction, id_)
            codes = await first_codes(transaction, user_id)
            await audit.record(
                transaction, EventKind.FACTOR_ADDED, user_id, origin, details={"totp": app.name}
            )
            failpoint("identity.totp.before_commit")
        await self._throttle.forget(str(user_id))
        return codes

    async def check(self, user_id: UUID, code: str, origin: Origin) -> None:
        """Uses a code of an app, or a recovery code; it does not count again.

        Attempts are counted over all sign-ins, so that whoever has the password cannot go on guessing with another one.

        Raises:
            InvalidCodeError, TooManyAttemptsError, OverloadedError
        """
        await self._throttle.count(str(user_id), None)
        kind = EventKind.SECOND_FACTOR_USED if is_code(code) else EventKind.RECOVERY_CODE_USED
        async with self._database.transaction() as transaction:
            if is_code(code):
                is_right = await self._use(transaction, await store.secrets_of(transaction, user_id), code)
            else:
                is_right = await recovery_codes.use(transaction, user_id, hash_of(user_id, code))
            outcome = Outcome.SUCCESS if is_right else Outcome.FAILURE
            await audit.record(transaction, kind, user_id, origin, outcome=outcome)
            failpoint("identity.second_factor.before_commit")
        if not is_right:
            raise InvalidCodeError
        await self._throttle.forget(str(user_id))

    async def remove_app(self, user_id: UUID, id_: UUID, proof: Proof) -> UUID:
        """Takes an app off the account, whose id it gives.

        Raises:
            UnknownFactorError, and as `StepUp.require` does
        """
        user = await self._step_up.require(user_id, proof)
        async with self._database.transaction() as transaction:
            if not await store.delete(transaction, user_id, id_):
                raise UnknownFactorError
            what = "A second factor was taken off your account"
            await self._mailbox.post(transaction, notice(user.email, what, self._links.ask_for_recovery()))
            await forget_spare_codes(transaction, user_id)
            await audit.record(
                transaction, EventKind.FACTOR_REMOVED, user_id, proof.origin, details={"totp": str(id_)}
            )
            failpoint("identity.remove_app.before_commit")
        return user_id

    async def renew_codes(self, user_id: UUID, proof: Proof) -> list[str]:
        """New recovery codes, to be shown once; those before are void.

        Raises:
            UnknownFactorError: there is no second factor that they could stand in for.
            And as `StepUp.require` does.
        """
        await self._step_up.require(user_id, proof)
        codes = new_codes()
        async with self._database.transaction() as transaction:
            if not (await _overview(transaction, user_id)).is_needed:
                raise UnknownFactorError
            await _keep(transaction, user_id, codes)
            await audit.record(transaction, EventKind.RECOVERY_CODES_RENEWED, user_id, proof.origin)
            failpoint("identity.renew_codes.before_commit")
        return codes

    async def _use(
        self, transaction: Transaction, secrets: Collection[tuple[UUID, bytes]], code: str
    ) -> bool:
        now = await database_time(transaction)
        for id_, sealed in secrets:
            secret = self._sealer.open(sealed, _purpose(id_)).decode()
            step = step_of(secret, code, now) if is_code(code) else None
            if step is not None and await store.use(transaction, id_, step):
                return True
        return False


async def first_codes(transaction: Transaction, user_id: UUID) -> list[str]:
    """Recovery codes for a user who has none, else an empty list."""
    if await recovery_codes.count(transaction, user_id):
        return []
    codes = new_codes()
    await _keep(transaction, user_id, codes)
    return codes


async def forget_spare_codes(transaction: Transaction, user_id: UUID) -> None:
    """Recovery codes go with the last factor that they could stand in for."""
    if not (await _overview(transaction, user_id)).is_needed:
        await recovery_codes.delete_all(transaction, user_id)


async def _overview(transaction: Transaction, user_id: UUID) -> Overview:
    return Overview(
        await store.apps_of(transaction, user_id),
        await passkeys.passkeys_of(transaction, user_id),
        await recovery_codes.count(transaction, user_id),
    )


async def _keep(transaction: Transaction, user_id: UUID, codes: Collection[str]) -> None:
    await recovery_codes.replace(transaction, user_id, [hash_of(user_id, code) for code in codes])


def _purpose(id_: UUID) -> str:
    return f"totp:{id_}"
