"""Second factors in the graph: one's own, and how to add and remove them."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# Strawberry types its field decorators as Any; what `settle` gives is a member of the resolver's union.

import json
from typing import Annotated, TypeAlias
from uuid import UUID

import segno
import strawberry
from strawberry.scalars import JSON

from common.app.values import InvalidInput
from common.inputs import parse_id
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.refusals import (
    FactorNotFound,
    InvalidCode,
    InvalidCredentials,
    InvalidPasskey,
    SignInAgain,
    TooManyAttempts,
    settle,
)
from subgraphs.identity.api.types import Passkey, User, user_of
from subgraphs.identity.domain import passkeys as domain
from subgraphs.identity.domain.totp import Enrolment


@strawberry.type(description="What an authenticator app has to know. It is shown once.")
class TotpEnrolment:
    id: strawberry.ID
    secret: str = strawberry.field(description="To be typed where no picture can be read.")
    uri: str = strawberry.field(description="The `otpauth:` URI.")
    qr_code: str = strawberry.field(description="The URI as a picture: a `data:` URI of an SVG.")

    @classmethod
    async def of(cls, enrolment: Enrolment) -> "TotpEnrolment":
        picture = segno.make(enrolment.uri, micro=False).svg_data_uri(scale=4)
        return cls(
            id=strawberry.ID(str(enrolment.id)),
            secret=enrolment.secret,
            uri=enrolment.uri,
            qr_code=picture,
        )


@strawberry.type(
    description="Codes that stand in for a factor that was lost, each once. They are shown once."
)
class RecoveryCodes:
    codes: list[str]

    @classmethod
    async def of(cls, codes: list[str]) -> "RecoveryCodes":
        return cls(codes=codes)


@strawberry.type(description="A new passkey.")
class PasskeyRegistered:
    passkey: Passkey
    recovery_codes: list[str] = strawberry.field(description="Shown once; empty if there were some before.")

    @classmethod
    async def of(cls, made: tuple[domain.Passkey, list[str]]) -> "PasskeyRegistered":
        return cls(passkey=Passkey.of(made[0]), recovery_codes=made[1])


@strawberry.type(description="What `navigator.credentials.create` is to be called with, as JSON.")
class PasskeyOptions:
    options: JSON

    @classmethod
    async def of(cls, text: str) -> "PasskeyOptions":
        return cls(options=json.loads(text))


_Unproved: TypeAlias = SignInAgain | InvalidCredentials | TooManyAttempts
EnrolTotpResult: TypeAlias = Annotated[
    TotpEnrolment | InvalidInput | _Unproved, strawberry.union("EnrolTotpResult")
]
ConfirmTotpResult: TypeAlias = Annotated[
    RecoveryCodes | InvalidCode | TooManyAttempts, strawberry.union("ConfirmTotpResult")
]
RemoveFactorResult: TypeAlias = Annotated[
    User | FactorNotFound | _Unproved, strawberry.union("RemoveFactorResult")
]
RenewCodesResult: TypeAlias = Annotated[
    RecoveryCodes | FactorNotFound | _Unproved, strawberry.union("RenewCodesResult")
]
StartPasskeyResult: TypeAlias = Annotated[PasskeyOptions | _Unproved, strawberry.union("StartPasskeyResult")]
RegisterPasskeyResult: TypeAlias = Annotated[
    PasskeyRegistered | InvalidPasskey | InvalidInput, strawberry.union("RegisterPasskeyResult")
]
RenamePasskeyResult: TypeAlias = Annotated[
    User | FactorNotFound | InvalidInput, strawberry.union("RenamePasskeyResult")
]


@strawberry.type
class FactorMutations:
    @strawberry.mutation(
        description="Begin with an authenticator app. It takes a sign-in of the last five minutes or the password."
    )
    async def enrol_totp(self, info: Info, name: str, current_password: str | None = None) -> EnrolTotpResult:
        context = info.context
        codes, user_id = context.services.codes, context.require_user()
        return await settle(codes.enrol(user_id, name, context.proof(current_password)), TotpEnrolment.of)

    @strawberry.mutation(
        description="Have the app count, by a code that it shows; the recovery codes, if there were none before."
    )
    async def confirm_totp(self, info: Info, id: strawberry.ID, code: str) -> ConfirmTotpResult:  # noqa: A002 - the argument's name in the schema
        context = info.context
        user_id = context.require_user()
        confirm = context.services.codes.confirm(user_id, _id(id), code, context.origin)
        return await settle(confirm, RecoveryCodes.of)

    @strawberry.mutation(
        description="Take an authenticator app off the account; needs what `enrolTotp` needs."
    )
    async def remove_totp(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        current_password: str | None = None,
    ) -> RemoveFactorResult:
        context = info.context
        user_id = context.require_user()
        remove = context.services.codes.remove_app(user_id, _id(id), context.proof(current_password))
        return await settle(remove, user_of(info))

    @strawberry.mutation(
        description="New recovery codes; those before are void. It needs what `enrolTotp` needs."
    )
    async def renew_recovery_codes(self, info: Info, current_password: str | None = None) -> RenewCodesResult:
        context = info.context
        user_id = context.require_user()
        renew = context.services.codes.renew_codes(user_id, context.proof(current_password))
        return await settle(renew, RecoveryCodes.of)

    @strawberry.mutation(description="Begin with a passkey; needs what `enrolTotp` needs.")
    async def start_passkey_registration(
        self, info: Info, current_password: str | None = None
    ) -> StartPasskeyResult:
        context = info.context
        user_id = context.require_user()
        begin = context.services.passkeys.begin_registration(user_id, context.proof(current_password))
        return await settle(begin, PasskeyOptions.of)

    @strawberry.mutation(
        description="Add the passkey that the browser made: what `PublicKeyCredential.toJSON` gives."
    )
    async def register_passkey(self, info: Info, name: str, credential: JSON) -> RegisterPasskeyResult:
        context = info.context
        user_id, text = context.require_user(), json.dumps(credential)
        register = context.services.passkeys.finish_registration(user_id, name, text, context.origin)
        return await settle(register, PasskeyRegistered.of)

    @strawberry.mutation(description="Call a passkey something else.")
    async def rename_passkey(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        name: str,
    ) -> RenamePasskeyResult:
        passkeys = info.context.services.passkeys
        return await settle(passkeys.rename(info.context.require_user(), _id(id), name), user_of(info))

    @strawberry.mutation(description="Take a passkey off the account; needs what `enrolTotp` needs.")
    async def remove_passkey(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        current_password: str | None = None,
    ) -> RemoveFactorResult:
        context = info.context
        user_id = context.require_user()
        remove = context.services.passkeys.remove(user_id, _id(id), context.proof(current_password))
        return await settle(remove, user_of(info))


def _id(text: str) -> UUID:
    """The id; what cannot be one is that of nothing."""
    return parse_id(text) or UUID(int=0)
