"""Identity's GraphQL types. The unions hold a use case's outcomes: what a client should expect is in the schema."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
import strawberry.federation

from common.errors import ForbiddenError
from subgraphs.identity.api.audit import SecurityEventConnection
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.refusals import (
    EmailTaken,
    InvalidCode,
    InvalidCredentials,
    InvalidSignUp,
    SecondFactorNeeded,
    TooManyAttempts,
)
from subgraphs.identity.api.sessions import BrowserSession
from subgraphs.identity.domain import passkeys
from subgraphs.identity.domain.accounts import User as DomainUser
from subgraphs.identity.domain.accounts import parse_user_id
from subgraphs.identity.domain.roles import MEMBER, Holding
from subgraphs.identity.domain.second_factors import Overview
from subgraphs.identity.service.accounts import Session as SignedIn


@strawberry.type(description="Something that is known of a user and that a role's grants may ask for.")
class UserAttribute:
    name: str
    value: str

    @classmethod
    def several(cls, attributes: Mapping[str, str]) -> "list[UserAttribute]":
        return [cls(name=name, value=value) for name, value in sorted(attributes.items())]


@strawberry.type(description="An authenticator app that shows one-time codes (RFC 6238).")
class Totp:
    id: strawberry.ID
    name: str
    created_at: datetime


@strawberry.type(description="A passkey (Web Authentication).")
class Passkey:
    id: strawberry.ID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_backed_up: bool = strawberry.field(description="Whether more than one device has it.")

    @classmethod
    def of(cls, passkey: passkeys.Passkey) -> "Passkey":
        return cls(
            id=strawberry.ID(str(passkey.id)),
            name=passkey.name,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
            is_backed_up=passkey.is_backed_up,
        )


@strawberry.type(description="What an account asks for besides the password.")
class SecondFactors:
    totps: list[Totp]
    passkeys: list[Passkey]
    recovery_codes_left: int

    @classmethod
    def of(cls, overview: Overview) -> "SecondFactors":
        apps = [
            Totp(id=strawberry.ID(str(app.id)), name=app.name, created_at=app.created_at)
            for app in overview.apps
        ]
        return cls(
            totps=apps,
            passkeys=[Passkey.of(each) for each in overview.passkeys],
            recovery_codes_left=overview.recovery_codes_left,
        )


@strawberry.federation.type(keys=["id"], description="Someone with an account.")
class User:
    id: strawberry.ID
    name: str
    created_at: datetime
    address: strawberry.Private[str]
    verified: strawberry.Private[bool]
    is_caller: strawberry.Private[bool] = False

    @strawberry.field(description="The e-mail address; only for oneself.")
    def email(self, info: Info) -> str | None:
        if not self.is_caller and not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see this e-mail address")
        return self.address

    @strawberry.field(
        description="Whether the address was proved to be the user's own; only for oneself and admins."
    )
    def is_email_verified(self, info: Info) -> bool | None:
        self._require_sight(info)
        return self.verified

    @strawberry.field(description="The names of the user's roles; only for oneself and admins.")
    async def roles(self, info: Info) -> list[str] | None:
        return sorted((await self._holding(info)).roles | {MEMBER})

    @strawberry.field(description="What roles may ask of the user; only for oneself and admins.")
    async def attributes(self, info: Info) -> list[UserAttribute] | None:
        return UserAttribute.several((await self._holding(info)).attributes)

    @strawberry.field(description="What happened to the account, newest first; only for oneself and admins.")
    async def security_events(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> SecurityEventConnection | None:
        self._require_sight(info)
        return SecurityEventConnection.of(await info.context.services.audit.page(UUID(self.id), first, after))

    @strawberry.field(
        description="What the account asks for besides the password; only for oneself and admins."
    )
    async def second_factors(self, info: Info) -> SecondFactors | None:
        self._require_sight(info)
        return SecondFactors.of(await info.context.services.codes.overview(UUID(self.id)))

    @strawberry.field(
        description="Where the user is signed in, the last seen first; only for oneself and admins."
    )
    async def sessions(self, info: Info, first: int = 20) -> list[BrowserSession] | None:
        self._require_sight(info)
        found = await info.context.sessions.load(UUID(self.id), first)
        return [BrowserSession.of(info, session) for session in found]

    async def _holding(self, info: Info) -> Holding:
        self._require_sight(info)
        return await info.context.holdings.load(UUID(self.id)) or Holding()

    def _require_sight(self, info: Info) -> None:
        if not self.is_caller and not info.context.may_see(self.id):
            raise ForbiddenError("Only the user and admins may see this")

    @classmethod
    def of(cls, user: DomainUser, *, is_caller: bool = False) -> "User":
        return cls(
            id=strawberry.ID(str(user.id)),
            name=user.name,
            created_at=user.created_at,
            address=user.email,
            verified=user.email_verified_at is not None,
            is_caller=is_caller,
        )

    @classmethod
    async def load(cls, info: Info, id_: str) -> "User | None":
        """The user of that id, by the request's loader."""
        parsed = parse_user_id(id_)
        user = await info.context.users.load(parsed) if parsed else None
        return cls.of(user) if user else None

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "User | None":  # noqa: A002 - the key field's name
        return await cls.load(info, id)


def user_of(info: Info) -> Callable[[UUID], Awaitable[User]]:
    """Shows the user of an id as they are after a change."""

    async def load(id_: UUID) -> User:
        info.context.users.clear_all()
        info.context.holdings.clear_all()
        user = await User.load(info, str(id_))
        assert user is not None
        return user

    return load


@strawberry.type(description="A signed-in user. Send the token as `Authorization: Bearer` until it expires.")
class Session:
    access_token: str
    expires_at: datetime
    user: User

    @classmethod
    async def of(cls, session: SignedIn) -> "Session":
        token = session.token
        return cls(
            access_token=token.text, expires_at=token.expires_at, user=User.of(session.user, is_caller=True)
        )


SignInResult: TypeAlias = Annotated[
    Session | InvalidCredentials | SecondFactorNeeded | InvalidCode | TooManyAttempts,
    strawberry.union("SignInResult"),
]
SignUpResult: TypeAlias = Annotated[
    Session | EmailTaken | InvalidSignUp | TooManyAttempts, strawberry.union("SignUpResult")
]


@strawberry.input
class SignInInput:
    email: str
    password: str
    code: str | None = strawberry.field(
        default=None,
        description="Of an authenticator app, or a recovery code, where the account asks for one.",
    )


@strawberry.input
class SignUpInput:
    email: str
    password: str
    name: str
