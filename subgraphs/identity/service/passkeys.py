"""Passkeys: registering them, and signing in by one, as second factor or alone.

py_webauthn reads and verifies what browsers send. A challenge is ours if its hash is known, and counts once: it is taken in a transaction
of its own before the answer is looked at, so that no answer has a second try.
"""

from collections.abc import Callable, Collection
from typing import TypeVar
from uuid import UUID

import webauthn
from msgspec import Struct
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from common.database import Database
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.identity.domain.audit import EventKind, Origin, Outcome
from subgraphs.identity.domain.mail import notice
from subgraphs.identity.domain.passkeys import MAX_PASSKEYS, Ceremony, Passkey, RelyingParty
from subgraphs.identity.domain.second_factors import check_factor_name
from subgraphs.identity.errors import InvalidPasskeyError, UnknownFactorError
from subgraphs.identity.links import Links
from subgraphs.identity.opaque import digest
from subgraphs.identity.service.codes import first_codes, forget_spare_codes
from subgraphs.identity.service.mail import Mailbox
from subgraphs.identity.service.step_up import Proof, StepUp
from subgraphs.identity.store import audit
from subgraphs.identity.store import passkeys as store

_MAX_CREDENTIAL = 16 * 1024
_NAME = "Hansa"
T = TypeVar("T")


class Authenticated(Struct, frozen=True):
    """Whose passkey it was, and whether its device made sure that it is they who use it (PIN, finger, face)."""

    user_id: UUID
    is_user_verified: bool


class Passkeys:
    """The passkeys of one relying party."""

    def __init__(
        self, database: Database, party: RelyingParty, mailbox: Mailbox, *, links: Links, step_up: StepUp
    ) -> None:
        self._database = database
        self._party = party
        self._mailbox = mailbox
        self._links = links
        self._step_up = step_up

    async def begin_registration(self, user_id: UUID, proof: Proof) -> str:
        """The options for `navigator.credentials.create` as JSON. Raises as `StepUp.require` does."""
        user = await self._step_up.require(user_id, proof)
        async with self._database.transaction() as transaction:
            known = await store.passkeys_of(transaction, user_id)
            options = webauthn.generate_registration_options(
                rp_id=self._party.id,
                rp_name=_NAME,
                user_id=user_id.bytes,
                user_name=user.email,
                user_display_name=user.name,
                exclude_credentials=_descriptors(known),
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.PREFERRED,
                ),
            )
            hashed = _hash(options.challenge)
            await store.put_challenge(transaction, hashed, Ceremony.REGISTRATION, user_id)
            failpoint("identity.passkey.before_challenge")
        return webauthn.options_to_json(options)

    async def finish_registration(
        self, user_id: UUID, name: str, credential: str, origin: Origin
    ) -> tuple[Passkey, list[str]]:
        """The new passkey, and the recovery codes, to be shown once, if the user had none.

        Raises:
            InvalidInputError: for the name, or when there are too many.
            InvalidPasskeyError: the credential answers no challenge of ours, or not as it must.
        """
        name = check_factor_name(name)
        parsed = _read(lambda: parse_registration_credential_json(_bounded(credential)))
        challenge = await self._take(parsed.response.client_data_json, Ceremony.REGISTRATION, user_id)
        verified = _read(
            lambda: webauthn.verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
            )
        )
        async with self._database.transaction() as transaction:
            if len(await store.passkeys_of(transaction, user_id)) >= MAX_PASSKEYS:
                raise InvalidInputError("name", f"is one too many: {MAX_PASSKEYS} passkeys are enough")
            passkey = await store.insert_passkey(
                transaction,
                user_id=user_id,
                name=name,
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                is_backed_up=verified.credential_backed_up,
            )
            if passkey is None:
                raise InvalidPasskeyError
            codes = await first_codes(transaction, user_id)
            await audit.record(
                transaction, EventKind.FACTOR_ADDED, user_id, origin, details={"passkey": name}
            )
            failpoint("identity.register_passkey.before_commit")
        return passkey, codes

    async def begin_authentication(self, user_id: UUID | None) -> str:
        """The options for `navigator.credentials.get` as JSON: for one user's passkeys, or for whichever the browser has."""
        async with self._database.transaction() as transaction:
            known = await store.passkeys_of(transaction, user_id) if user_id else []
            options = webauthn.generate_authentication_options(
                rp_id=self._party.id,
                allow_credentials=_descriptors(known),
                user_verification=(
                    UserVerificationRequirement.PREFERRED if user_id else UserVerificationRequirement.REQUIRED
                ),
            )
            hashed = _hash(options.challenge)
            await store.put_challenge(transaction, hashed, Ceremony.AUTHENTICATION, user_id)
        return webauthn.options_to_json(options)

    async def authenticate(self, user_id: UUID | None, credential: str, origin: Origin) -> Authenticated:
        """Who signs in: `user_id` by their second factor, or anyone by a passkey that verifies its user.

        Raises:
            InvalidPasskeyError: the credential answers no challenge of ours, is nobody's or another's, or was copied: its
                device has counted further before.
        """
        parsed = _read(lambda: parse_authentication_credential_json(_bounded(credential)))
        challenge = await self._take(parsed.response.client_data_json, Ceremony.AUTHENTICATION, user_id)
        async with self._database.transaction() as transaction:
            passkey = await store.by_credential_id(transaction, parsed.raw_id)
            verified = self._verify(parsed, challenge, passkey, user_id) if passkey else None
            if passkey is not None and verified is not None:
                await store.used(
                    transaction,
                    passkey.id,
                    verified.new_sign_count,
                    is_backed_up=verified.credential_backed_up,
                )
            outcome = Outcome.SUCCESS if verified else Outcome.FAILURE
            whose = passkey.user_id if passkey else user_id
            await audit.record(transaction, EventKind.PASSKEY_USED, whose, origin, outcome=outcome)
            failpoint("identity.use_passkey.before_commit")
        if passkey is None or verified is None:
            raise InvalidPasskeyError
        return Authenticated(passkey.user_id, verified.user_verified)

    def _verify(
        self, answer: AuthenticationCredential, challenge: bytes, passkey: Passkey, user_id: UUID | None
    ) -> VerifiedAuthentication | None:
        """What the answer shows; None when it is not by this passkey, or the passkey is not of who signs in."""
        if user_id not in (None, passkey.user_id):
            return None
        if answer.response.user_handle not in (None, passkey.user_id.bytes):
            return None
        return _verified(
            lambda: webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=user_id is None,
            )
        )

    async def rename(self, user_id: UUID, id_: UUID, name: str) -> UUID:
        """Gives a passkey of the user another name. Raises InvalidInputError, UnknownFactorError."""
        async with self._database.transaction() as transaction:
            if not await store.rename(transaction, user_id, id_, check_factor_name(name)):
                raise UnknownFactorError
        return user_id

    async def remove(self, user_id: UUID, id_: UUID, proof: Proof) -> UUID:
        """Takes a passkey off the account, whose id it gives.

        Raises:
            UnknownFactorError, and as `StepUp.require` does
        """
        user = await self._step_up.require(user_id, proof)
        async with self._database.transaction() as transaction:
            if not await store.delete(transaction, user_id, id_):
                raise UnknownFactorError
            what = "A passkey was taken off your account"
            await self._mailbox.post(transaction, notice(user.email, what, self._links.ask_for_recovery()))
            await forget_spare_codes(transaction, user_id)
            await audit.record(
                transaction, EventKind.FACTOR_REMOVED, user_id, proof.origin, details={"passkey": str(id_)}
            )
            failpoint("identity.remove_passkey.before_commit")
        return user_id

    async def _take(self, client_data: bytes, ceremony: Ceremony, user_id: UUID | None) -> bytes:
        """The challenge that is answered, which is spent by that."""
        challenge: bytes = _read(lambda: parse_client_data_json(client_data).challenge)
        async with self._database.transaction() as transaction:
            if not await store.take_challenge(transaction, _hash(challenge), ceremony, user_id):
                raise InvalidPasskeyError
        failpoint("identity.passkey.after_challenge")
        return challenge


def _bounded(credential: str) -> str:
    if len(credential) > _MAX_CREDENTIAL:
        raise InvalidPasskeyError
    return credential


def _read(work: Callable[[], T]) -> T:
    """What the library makes of a browser's answer. Raises InvalidPasskeyError."""
    try:
        return work()
    except Exception as error:
        raise InvalidPasskeyError from error


def _verified(work: Callable[[], T]) -> T | None:
    try:
        return _read(work)
    except InvalidPasskeyError:
        return None


def _hash(challenge: bytes) -> bytes:
    return digest(challenge.hex())


def _descriptors(passkeys: Collection[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in passkeys]
