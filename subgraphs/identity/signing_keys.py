"""The keys that sign access tokens: made, rotated and published, with the database's clock deciding."""

import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey
from msgspec import Struct

from common.database import Database, Transaction
from subgraphs.identity.domain.keys import KeyPolicy, KeyState, SigningKey, key_states, rotation_is_due
from subgraphs.identity.sealing import Sealer
from subgraphs.identity.store import keys as store

ALGORITHM = "ES256"
_RELOAD_AFTER = 30.0


class _Snapshot(Struct, frozen=True):
    """The keys at a moment that both clocks know."""

    keys: list[SigningKey]
    database_time: datetime
    monotonic: float

    def now(self) -> datetime:
        return self.database_time + timedelta(seconds=time.monotonic() - self.monotonic)


class SigningKeys:
    """Reads the keys at most every 30 seconds and publishes the next one in time, whichever process notices first."""

    def __init__(self, database: Database, sealer: Sealer, policy: KeyPolicy) -> None:
        self._database = database
        self._sealer = sealer
        self._policy = policy
        self._snapshot: _Snapshot | None = None
        self._opened: dict[str, ECKey] = {}

    async def signer(self) -> tuple[str, ECKey]:
        """The id and private key that sign now."""
        key = next(key for key, state in await self._current() if state is KeyState.ACTIVE)
        if key.kid not in self._opened:
            private = json.loads(self._sealer.open(key.sealed_private_key, key.kid))
            self._opened = {key.kid: ECKey.import_key(private)}
        return key.kid, self._opened[key.kid]

    async def published(self) -> list[dict[str, Any]]:
        """The public keys for the JWKS document, as JWKs: all that are not GONE."""
        return [key.public_jwk for key, state in await self._current() if state is not KeyState.GONE]

    async def rotate(self) -> None:
        """Publishes a successor now, which signs after the policy's lead."""
        async with self._database.transaction() as transaction:
            await store.lock_signing_keys(transaction)
            self._snapshot = await self._publish(transaction, await self._read(transaction))

    async def _current(self) -> list[tuple[SigningKey, KeyState]]:
        snapshot = self._snapshot
        if snapshot is None or time.monotonic() - snapshot.monotonic > _RELOAD_AFTER:
            snapshot = self._snapshot = await self._load()
        states = key_states(snapshot.keys, snapshot.now(), self._policy)
        return [(key, states[key.kid]) for key in snapshot.keys]

    async def _load(self) -> _Snapshot:
        async with self._database.transaction() as transaction:
            snapshot = await self._read(transaction)
            if not self._rotation_is_due(snapshot):
                return snapshot
            await store.lock_signing_keys(transaction)
            snapshot = await self._read(transaction)
            return await self._publish(transaction, snapshot) if self._rotation_is_due(snapshot) else snapshot

    async def _publish(self, transaction: Transaction, snapshot: _Snapshot) -> _Snapshot:
        now = snapshot.database_time
        states = key_states(snapshot.keys, now, self._policy)
        await store.delete_signing_keys(
            transaction, [kid for kid, state in states.items() if state is KeyState.GONE]
        )
        first = KeyState.ACTIVE not in states.values()
        await store.insert_signing_key(transaction, self._new_key(now if first else now + self._policy.lead))
        return await self._read(transaction)

    async def _read(self, transaction: Transaction) -> _Snapshot:
        keys = await store.signing_keys(transaction)
        return _Snapshot(keys, await store.database_time(transaction), time.monotonic())

    def _rotation_is_due(self, snapshot: _Snapshot) -> bool:
        return rotation_is_due(snapshot.keys, snapshot.database_time, self._policy)

    def _new_key(self, active_from: datetime) -> SigningKey:
        kid = secrets.token_urlsafe(12)
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": ALGORITHM})
        private = json.dumps(key.as_dict(private=True)).encode()
        return SigningKey(kid, key.as_dict(private=False), self._sealer.seal(private, kid), active_from)
