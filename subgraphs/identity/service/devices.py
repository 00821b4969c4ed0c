"""The device flow (RFC 8628): a device asks, somebody decides in a browser, and the device hears of it when it asks again."""

import uuid
from collections.abc import Collection

from msgspec import Struct

from common.database import Database, Transaction
from common.failpoints import failpoint
from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.domain.devices import SLOWER, DeviceAuthorization, DeviceState, new_user_code, typed
from subgraphs.identity.domain.grants import Grant
from subgraphs.identity.domain.sessions import Session
from subgraphs.identity.oauth_errors import OAuthError, invalid_grant
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.service.authorization import grant_of
from subgraphs.identity.service.grants import Grants, Tokens
from subgraphs.identity.store import devices as store
from subgraphs.identity.store import sessions
from subgraphs.identity.throttle import SignInThrottle


class DeviceCode(Struct, frozen=True):
    """What a device is given: a secret of its own, and the code that it shows."""

    device_code: str
    user_code: str


class _Allowed(Struct, frozen=True):
    grant: Grant
    session: Session
    family: uuid.UUID
    refresh_token: str | None


class Devices:
    """Each call is one transaction."""

    def __init__(self, database: Database, grants: Grants, throttle: SignInThrottle) -> None:
        self._database = database
        self._grants = grants
        self._throttle = throttle

    async def begin(self, client: Client, scopes: Collection[str], address: str | None) -> DeviceCode:
        """A code for a device.

        Raises:
            OAuthError: the client may not, or has none of the scopes.
            TooManyAttemptsError, OverloadedError: from this address.
        """
        if not client.may(GrantType.DEVICE_CODE):
            raise OAuthError("unauthorized_client", "The client may not use device codes")
        allowed = client.allowed(scopes)
        if not allowed:
            raise OAuthError("invalid_scope", "None of these scopes is the client's")
        if address is not None:
            await self._throttle.count(f"device codes for {address}", address)
        code, is_new = DeviceCode(new_token(), new_user_code()), False
        while not is_new:
            code = DeviceCode(code.device_code, new_user_code())
            wanted = DeviceAuthorization(code.user_code, client.id, allowed, DeviceState.PENDING, None)
            async with self._database.transaction() as transaction:
                is_new = await store.insert_device(transaction, digest(code.device_code), wanted)
        return code

    async def find(self, text: str, session: Session, address: str | None) -> DeviceAuthorization | None:
        """The device whose code somebody typed, if it is still to be decided. Each look is an attempt, as codes are short.

        Raises:
            TooManyAttemptsError, OverloadedError
        """
        await self._throttle.count(f"device codes typed by {session.user_id}", address)
        async with self._database.transaction() as transaction:
            return await store.pending(transaction, typed(text))

    async def decide(self, text: str, session: Session, *, is_allowed: bool) -> bool:
        """Whether there was something to decide."""
        state = DeviceState.ALLOWED if is_allowed else DeviceState.DENIED
        async with self._database.transaction() as transaction:
            decided = await store.decide(transaction, typed(text), state, session.id)
            failpoint("identity.device.before_decision")
        return decided

    async def poll(self, client: Client, device_code: str) -> Tokens:
        """The tokens, once somebody has allowed them.

        Raises:
            OAuthError: `authorization_pending`, `slow_down`, `access_denied`, `expired_token` or `invalid_grant`.
        """
        async with self._database.transaction() as transaction:
            outcome = await self._poll(transaction, client, digest(device_code))
            failpoint("identity.device.before_commit")
        if isinstance(outcome, OAuthError):
            raise outcome
        return await self._grants.tokens(
            outcome.grant,
            outcome.family,
            refresh_token=outcome.refresh_token,
            session_id=outcome.session.id,
        )

    async def _poll(
        self, transaction: Transaction, client: Client, code_hash: bytes
    ) -> _Allowed | OAuthError:
        polled = await store.lock_polled(transaction, code_hash)
        if polled is None or polled.authorization.client_id != client.id:
            return invalid_grant("The device code is unknown, used, or not this client's")
        if not polled.is_live:
            return OAuthError("expired_token", "The device code is too old")
        await store.count_poll(transaction, code_hash, SLOWER if polled.is_too_soon else 0)
        if polled.is_too_soon:
            return OAuthError("slow_down", "The device asks too often")
        match polled.authorization.state:
            case DeviceState.PENDING:
                return OAuthError("authorization_pending", "Nobody has decided yet")
            case DeviceState.DENIED:
                return OAuthError("access_denied", "The user did not allow it")
        await store.delete_device(transaction, code_hash)
        return await self._allow(transaction, client, polled.authorization)

    async def _allow(
        self, transaction: Transaction, client: Client, device: DeviceAuthorization
    ) -> _Allowed | OAuthError:
        found = await sessions.sessions_by_id(transaction, [device.session_id] if device.session_id else [])
        session = next(iter(found.values()), None)
        if session is None:
            return invalid_grant("Who allowed it has signed out")
        grant, family = grant_of(client, session, device.scopes), uuid.uuid4()
        refresh = await self._grants.found(transaction, client, grant, family)
        return _Allowed(grant, session, family, refresh)
