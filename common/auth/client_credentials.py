"""A service's own access token, by which it calls others (RFC 6749 section 4.4): got, kept, and renewed before it expires.

Whoever calls waits for the issuer only where there is no token that counts; however many call, it is asked once.
"""

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote_plus, urlencode

import msgspec
from msgspec import Meta, Struct

from common.http import NotSent, Request, Response, Transport, TransportError
from common.settings import Secret

_log = logging.getLogger(__name__)
_TIMEOUT = 5.0
_ATTEMPTS = 3
_PAUSE = 0.1  # seconds before the second attempt, twice that before the third
_PATIENCE = 1.0  # seconds for which a failure is everybody's, and a new token is not doubted
_RENEWAL = 0.8  # of a token's life
_SPARE = 5.0  # seconds that a token still has to live when it is given out


class TokenUnavailableError(NotSent):
    """The issuer gives the service no token, or does not answer."""

    code = "CLIENT_TOKEN_UNAVAILABLE"
    reason = "the service has no access token of its own"


class _Refused(Exception):  # noqa: N818 - it is an answer
    """Asking again would give the same."""


class _Issued(Struct, frozen=True):
    """The part of the issuer's answer that counts (section 5.1)."""

    access_token: str
    expires_in: Annotated[float, Meta(gt=0)]


class _Kept(Struct, frozen=True):
    """A token and its moments, by the clock."""

    text: str
    since: float
    renew_at: float
    until: float


class ClientCredentials:
    """The tokens of the client `client_id` with `scope`, from the token endpoint at `issuer`."""

    def __init__(
        self,
        issuer: Transport,
        client_id: str,
        secret: Secret,
        scope: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        body = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
        self._request = Request(body=body, headers=_headers(client_id, secret), idempotent=True)
        self._clock = clock
        self._kept: _Kept | None = None
        self._asking: asyncio.Task[None] | None = None
        self._failure = ""
        self._failed_at = float("-inf")

    async def token(self) -> str:
        """A token that counts for a while.

        Raises:
            TokenUnavailableError: there is none, and the issuer gave none just now.
        """
        now = self._clock()
        if self._kept is None or now >= self._kept.until:
            await asyncio.shield(self._ask())
            if self._kept is None or self._clock() >= self._kept.until:
                raise TokenUnavailableError(self._failure)
        elif now >= self._kept.renew_at:
            self._ask()
        return self._kept.text

    def reject(self, token: str) -> bool:
        """Forget a token that a service did not accept; whether another may be better. One that is new is not doubted."""
        kept = self._kept
        if kept is not None and kept.text == token:
            if self._clock() - kept.since < _PATIENCE:
                return False
            self._kept = None
        return True

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self._issuer.close()

    def _ask(self) -> asyncio.Task[None]:
        """One request to the issuer at a time, which outlives the call that began it."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._renew())
            self._asking.add_done_callback(self._asked)
        return self._asking

    def _asked(self, _: asyncio.Task[None]) -> None:
        self._asking = None

    async def _renew(self) -> None:
        if self._clock() - self._failed_at < _PATIENCE:
            return
        try:
            issued = await self._issue()
        except (TransportError, _Refused) as error:
            self._failed_at = self._clock()
            self._failure = f"client {self._client_id} gets no token: {error}"
            _log.warning("%s", self._failure)
            return
        now, life = self._clock(), issued.expires_in
        until = now + max(life - _SPARE, life / 2)
        self._kept = _Kept(issued.access_token, now, min(until, now + life * _RENEWAL), until)

    async def _issue(self) -> _Issued:
        for attempt in range(1, _ATTEMPTS):
            try:
                return _read(await self._issuer.send(self._request, timeout=_TIMEOUT))
            except TransportError as error:
                _log.info("The issuer is asked for a token again: %s", error)
                await asyncio.sleep(_PAUSE * attempt)
        return _read(await self._issuer.send(self._request, timeout=_TIMEOUT))


def _headers(client_id: str, secret: Secret) -> tuple[tuple[str, str], ...]:
    """With HTTP Basic (RFC 6749 section 2.3.1)."""
    credentials = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return (
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}"),
    )


def _read(answer: Response) -> _Issued:
    """The token. Raises TokenUnavailableError for an answer that may be another one soon, else _Refused."""
    if answer.status == 429 or answer.status >= 500:
        raise TokenUnavailableError(f"the issuer answered {answer.status}")
    if answer.status != 200:
        raise _Refused(f"the issuer answered {answer.status} {_error_of(answer.body)}".rstrip())
    try:
        return msgspec.json.decode(answer.body, type=_Issued)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Refused(f"the issuer's answer has no token: {error}") from error


def _error_of(body: bytes) -> str:
    """The `error` of section 5.2, which is what the operator has to know."""
    try:
        error = msgspec.json.decode(body, type=dict[str, object]).get("error", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return str(error)[:100]
