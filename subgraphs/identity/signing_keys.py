"""The keys that sign tokens: made, rotated and published, with the database's clock deciding."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from joserfc.jwk import ECKey, KeyParameters, RSAKey
from msgspec import Struct

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.sealing import Sealer
from subgraphs.identity.domain.keys import (
    Algorithm,
    KeyPolicy,
    KeyState,
    SigningKey,
    key_states,
    rotation_is_due,
)
from subgraphs.identity.store import keys as store

_RELOAD_AFTER = 2.0  # seconds in which a process may not know that a key is gone
_RSA_BITS = 2048

PrivateKey: TypeAlias = ECKey | RSAKey


class KnownKey(Struct, frozen=True):
    """A key and what it is for now."""

    key: SigningKey
    state: KeyState


class _Snapshot(Struct, frozen=True):
    """The keys at a moment that both clocks know."""

    keys: list[SigningKey]
    others: list[dict[str, Any]]
    database_time: datetime
    monotonic: float

    def now(self) -> datetime:
        return self.database_time + timedelta(seconds=time.monotonic() - self.monotonic)


class SigningKeys:
    """Reads the keys at most every two seconds and publishes the next one in time, whichever process notices first.

    An algorithm has keys once something has been signed by it.
    """

    def __init__(self, database: Database, sealer: Sealer, policy: KeyPolicy) -> None:
        self._database = database
        self._sealer = sealer
        self._policy = policy
        self._snapshot: _Snapshot | None = None
        self._opened: dict[str, PrivateKey] = {}

    async def signer(self, algorithm: str = Algorithm.ES256) -> tuple[str, PrivateKey]:
        """The id and private key that sign now by `algorithm`, one of `Algorithm`."""
        key = await self._active(algorithm)
        if key is None:
            self._snapshot = await self._load(Algorithm(algorithm))
            key = await self._active(algorithm)
        assert key is not None
        if key.kid not in self._opened:
            self._opened[key.kid] = self._open(key)
        return key.kid, self._opened[key.kid]

    async def published(self) -> list[dict[str, Any]]:
        """The public keys for the JWKS document, as JWKs: all that are not GONE, and those of the other regions."""
        own = await self.own()
        assert self._snapshot is not None
        return own + self._snapshot.others

    async def own(self) -> list[dict[str, Any]]:
        """The public keys of this region alone."""
        return [known.key.public_jwk for known in await self.known()]

    async def known(self) -> list[KnownKey]:
        """All keys of this region that are not GONE."""
        snapshot = self._snapshot
        if snapshot is None or time.monotonic() - snapshot.monotonic > _RELOAD_AFTER:
            snapshot = self._snapshot = await self._load(Algorithm.ES256)
            present = {key.kid for key in snapshot.keys}
            self._opened = {kid: key for kid, key in self._opened.items() if kid in present}
        states = key_states(snapshot.keys, snapshot.now(), self._policy)
        known = [KnownKey(key, states[key.kid]) for key in snapshot.keys]
        return [each for each in known if each.state is not KeyState.GONE]

    async def rotate(self, algorithm: Algorithm = Algorithm.ES256) -> None:
        """Publishes a successor now, which signs after the policy's lead."""
        async with self.changing() as transaction:
            await self.publish(transaction, algorithm)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Transaction]:
        """A transaction in which nobody else changes the keys; they are read anew after it."""
        async with self._database.transaction() as transaction:
            await store.lock_signing_keys(transaction)
            yield transaction
        self._snapshot = None

    async def publish(self, transaction: Transaction, algorithm: Algorithm) -> str:
        """The id of a new key of `algorithm`: it signs after the policy's lead, or now if none does."""
        snapshot = await self._read(transaction)
        now = snapshot.database_time
        states = key_states(snapshot.keys, now, self._policy)
        gone = [kid for kid, state in states.items() if state is KeyState.GONE]
        await store.delete_signing_keys(transaction, gone)
        is_active = any(
            states[key.kid] is KeyState.ACTIVE for key in snapshot.keys if key.algorithm == algorithm
        )
        active_from = now + self._policy.lead if is_active else now
        key = await self._new_key(await store.next_kid(transaction), algorithm, active_from)
        await store.insert_signing_key(transaction, key)
        failpoint("identity.keys.before_commit")
        return key.kid

    async def remove(self, transaction: Transaction, kid: str) -> bool:
        """Deletes a key, and publishes a successor if none is left that signs; whether there was one."""
        snapshot = await self._read(transaction)
        removed = next((key for key in snapshot.keys if key.kid == kid), None)
        if removed is None:
            return False
        await store.delete_signing_keys(transaction, [kid])
        left = [key for key in snapshot.keys if key.algorithm == removed.algorithm and key.kid != kid]
        states = key_states(left, snapshot.database_time, self._policy)
        if KeyState.ACTIVE not in states.values():
            await self.publish(transaction, Algorithm(removed.algorithm))
        return True

    async def _active(self, algorithm: str) -> SigningKey | None:
        keys = (known.key for known in await self.known() if known.state is KeyState.ACTIVE)
        return next((key for key in keys if key.algorithm == algorithm), None)

    async def _load(self, wanted: Algorithm) -> _Snapshot:
        """The keys, with the successors that are due and the first one of the algorithm `wanted`."""
        async with self._database.transaction() as transaction:
            snapshot = await self._read(transaction)
            if not self._due(snapshot, wanted):
                return snapshot
            await store.lock_signing_keys(transaction)
            for algorithm in self._due(await self._read(transaction), wanted):
                await self.publish(transaction, algorithm)
            return await self._read(transaction)

    async def _read(self, transaction: Transaction) -> _Snapshot:
        keys = await store.signing_keys(transaction)
        others = await store.keys_of_other_regions(transaction)
        return _Snapshot(keys, others, await store.database_time(transaction), time.monotonic())

    def _due(self, snapshot: _Snapshot, wanted: Algorithm) -> list[Algorithm]:
        lines = {
            algorithm: [key for key in snapshot.keys if key.algorithm == algorithm] for algorithm in Algorithm
        }
        return [
            algorithm
            for algorithm, keys in lines.items()
            if (keys or algorithm is wanted) and rotation_is_due(keys, snapshot.database_time, self._policy)
        ]

    def _open(self, key: SigningKey) -> PrivateKey:
        private = json.loads(self._sealer.open(key.sealed_private_key, key.kid))
        return ECKey.import_key(private) if private["kty"] == "EC" else RSAKey.import_key(private)

    async def _new_key(self, kid: str, algorithm: Algorithm, active_from: datetime) -> SigningKey:
        key = await asyncio.to_thread(_generate, algorithm, kid)
        private = json.dumps(key.as_dict(private=True)).encode()
        return SigningKey(kid, key.as_dict(private=False), self._sealer.seal(private, kid), active_from)


def _generate(algorithm: Algorithm, kid: str) -> PrivateKey:
    parameters: KeyParameters = {"kid": kid, "use": "sig", "alg": algorithm.value}
    if algorithm is Algorithm.RS256:
        return RSAKey.generate_key(_RSA_BITS, parameters)
    return ECKey.generate_key("P-256", parameters)
