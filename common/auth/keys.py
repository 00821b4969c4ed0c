"""The issuer's public keys, kept fresh from its JWKS document (RFC 7517)."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key

from common.auth.errors import KeysUnavailable
from common.auth.jwk import import_keys
from common.http import Request, Transport, TransportError
from common.http.messages import Headers

_log = logging.getLogger(__name__)
_MAX_AGE = re.compile(r"max-age=(\d+)")
_DEFAULT_MAX_AGE = 300.0
_TIMEOUT = 5.0
_RENEWAL = 0.8
"""After which part of their time keys are fetched again."""


class Keys(Protocol):
    """Where a verifier finds a public key."""

    async def get(self, kid: str) -> Key | None:
        """The key of that id, or None when the issuer has none."""

    def holds(self, kid: str) -> bool:
        """Whether the key is known, so that `get` would not wait for the issuer."""


class KeySet:
    """Keys by URL, fetched on first use and again after `poll_interval` seconds, or by the answer's `max-age`.

    They are fetched again while they still count, so that nobody waits, and kept for as long as that fails. An unknown
    key id causes one fetch, at most one in `patience` seconds, so that invented ids cannot be used against the issuer.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        poll_interval: float | None = None,
        headers: Headers = (),
        patience: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._poll_interval = poll_interval
        self._request = Request(path="", method="GET", headers=headers)
        self._patience = patience
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._interval = poll_interval or _DEFAULT_MAX_AGE
        self._renew_at = self._fresh_until = float("-inf")
        self._has_failed = False
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

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
        """See `Keys`. It begins to fetch keys that will soon be too old, or that could not be fetched before."""
        now = self._clock()
        if kid not in self._keys or now < self._renew_at:
            return kid in self._keys
        if now >= self._fresh_until and not (self._has_failed and now - self._tried_at <= self._interval):
            return False
        if self._refreshing is None and now - self._tried_at >= self._patience:
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh(kid))
            self._refreshing.add_done_callback(self._refreshed)
        return True

    def take_over(self, other: "KeySet") -> None:
        """Begins with the keys of another set of the same URL; they are fetched anew with the first that is asked for."""
        self._keys, self._fresh_until = other._keys, other._fresh_until  # noqa: SLF001 - of its own class

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._transport.close()

    def _refreshed(self, _: asyncio.Task[None]) -> None:
        self._refreshing = None

    async def _refresh(self, kid: str) -> None:
        async with self._lock:
            now = self._clock()
            if (kid in self._keys and now < self._renew_at) or now - self._tried_at < self._patience:
                return
            self._tried_at, self._has_failed = now, True
            try:
                self._keys, self._interval = await self._fetch()
            except (TransportError, msgspec.DecodeError, JoseError, LookupError, ValueError) as error:
                _log.warning("Signing keys could not be fetched: %r", error)
                return
            self._has_failed = False
            self._renew_at, self._fresh_until = now + _RENEWAL * self._interval, now + self._interval

    async def _fetch(self) -> tuple[Mapping[str, Key], float]:
        answer = await self._transport.send(self._request, timeout=_TIMEOUT)
        if answer.status != 200:
            raise LookupError(f"status {answer.status}")
        document = msgspec.json.decode(answer.body, type=dict[str, list[dict[str, Any]]])
        keys = import_keys(document["keys"])
        if self._poll_interval is not None:
            return keys, self._poll_interval
        found = _MAX_AGE.search(dict(answer.headers).get("cache-control", ""))
        return keys, float(found[1]) if found else _DEFAULT_MAX_AGE
