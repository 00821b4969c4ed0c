"""The issuer's public keys, kept fresh from its JWKS document (RFC 7517)."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from common.auth.errors import KeysUnavailable
from common.http import Request, Transport, TransportError

_log = logging.getLogger(__name__)
_MAX_AGE = re.compile(r"max-age=(\d+)")
_DEFAULT_MAX_AGE = 300.0
_TIMEOUT = 5.0


class Keys(Protocol):
    """Where a verifier finds a public key."""

    async def get(self, kid: str) -> Key | None:
        """The key of that id, or None when the issuer has none."""

    def holds(self, kid: str) -> bool:
        """Whether the key is known and fresh, so that `get` would not fetch."""


class KeySet:
    """Keys by URL, fetched on first use and again when their `max-age` is over.

    An unknown key id causes one fetch, at most one in `patience` seconds, so that invented ids cannot be used
    against the issuer. When a fetch fails the known keys stay.
    """

    def __init__(
        self, transport: Transport, *, patience: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._patience = patience
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._fresh_until = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, kid: str) -> Key | None:
        """The key of that id, or None when the issuer does not publish it.

        Raises:
            KeysUnavailable: no keys could be fetched yet.
        """
        if not self.holds(kid):
            await self._refresh(kid)
        if not self._keys:
            raise KeysUnavailable
        return self._keys.get(kid)

    def holds(self, kid: str) -> bool:
        return kid in self._keys and self._clock() < self._fresh_until

    async def close(self) -> None:
        await self._transport.close()

    async def _refresh(self, kid: str) -> None:
        async with self._lock:
            now = self._clock()
            if self.holds(kid) or now - self._tried_at < self._patience:
                return
            self._tried_at = now
            try:
                self._keys, max_age = await self._fetch()
            except (TransportError, msgspec.DecodeError, JoseError, LookupError, ValueError) as error:
                _log.warning("Signing keys could not be fetched: %r", error)
                return
            self._fresh_until = now + max_age

    async def _fetch(self) -> tuple[Mapping[str, Key], float]:
        answer = await self._transport.send(Request(path="", method="GET"), timeout=_TIMEOUT)
        if answer.status != 200:
            raise LookupError(f"status {answer.status}")
        document = msgspec.json.decode(answer.body, type=dict[str, list[dict[str, Any]]])
        keys = {data["kid"]: import_key(data) for data in document["keys"] if _signs(data)}
        found = _MAX_AGE.search(dict(answer.headers).get("cache-control", ""))
        return keys, float(found[1]) if found else _DEFAULT_MAX_AGE


def _signs(data: Mapping[str, Any]) -> bool:
    """Whether the key may verify signatures and names its algorithm (RFC 7517 sections 4.2, 4.4 and 4.5)."""
    return data.get("use", "sig") == "sig" and "kid" in data and "alg" in data and "d" not in data
