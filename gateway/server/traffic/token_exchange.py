"""A caller's token, exchanged for one that is good for a minute at one subgraph only (RFC 8693).

A subgraph that is broken into cannot use what it was sent anywhere else. It costs one request to the issuer for each token
and subgraph in a while; requests that come meanwhile wait for the same one.
"""

import base64
import hashlib
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote_plus, urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from common.http import NotSent, Request, Response, Transport
from common.http.messages import Headers
from gateway.server.config.access import TokenExchange
from gateway.server.sharing import UnderWay
from gateway.server.traffic.around import Around

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the type's name
_REMEMBERED = 4096
_SPARE = 10.0  # seconds that a token still has to live when it is sent
_BEARER = "bearer "


class ExchangeError(NotSent):
    """The issuer does not exchange the token, or does not answer."""

    code = "TOKEN_EXCHANGE_FAILED"
    reason = "the access token could not be exchanged"


class _Exchanged(Struct, frozen=True):
    """The part of the issuer's answer that counts (section 2.2.1)."""

    access_token: str
    expires_in: float


class Exchanger:
    """Callers' tokens for those of `subgraph`. With `is_lasting` they last as long as the caller's own, for a stream that ends with them."""

    def __init__(
        self,
        subgraph: str,
        config: TokenExchange,
        issuer: Transport,
        *,
        is_lasting: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._headers = _headers(config)
        self._fields = {
            "grant_type": GRANT_TYPE,
            "subject_token_type": _ACCESS_TOKEN,
            "audience": subgraph,
            **({"hansa_lifetime": "subject_token"} if is_lasting else {}),
        }
        self._exchanged: dict[bytes, tuple[str, float]] = {}
        self._under_way = UnderWay[bytes](lambda: None)

    async def replaced(self, headers: Headers, timeout: float | None) -> Headers:  # noqa: ASYNC109 - as Transport's
        """`headers` with a token of the subgraph's own where a caller's stands. Raises ExchangeError and TransportError."""
        for index, (name, value) in enumerate(headers):
            if name == "authorization" and value[: len(_BEARER)].lower() == _BEARER:
                token = await self._exchange(value[len(_BEARER) :].strip(), timeout)
                return (*headers[:index], (name, f"Bearer {token}"), *headers[index + 1 :])
        return headers

    async def close(self) -> None:
        await self._issuer.close()

    async def _exchange(self, token: str, timeout: float | None) -> str:  # noqa: ASYNC109 - as in `replaced`
        key = hashlib.sha256(token.encode()).digest()
        known, good_until = self._exchanged.get(key, ("", 0.0))
        now = self._clock()
        if now < good_until:
            return known
        answer = await self._under_way.join(key, partial(self._ask, token), timeout)
        exchanged = _read(answer)
        if len(self._exchanged) >= _REMEMBERED:
            self._exchanged.pop(next(iter(self._exchanged)))
        self._exchanged[key] = exchanged.access_token, now + exchanged.expires_in - _SPARE
        return exchanged.access_token

    async def _ask(self, token: str) -> Response:
        body = urlencode({**self._fields, "subject_token": token}).encode()
        return await self._issuer.send(Request(body=body, headers=self._headers, idempotent=True))


class ExchangingTransport(Around):
    """Sends a subgraph a token of its own wherever a caller's would be sent; a request without one goes as it is."""

    def __init__(self, inner: Transport, exchanger: Exchanger) -> None:
        super().__init__(inner)
        self._exchanger = exchanger

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        headers = await self._exchanger.replaced(request.headers, timeout)
        if headers is not request.headers:
            request = replace(request, headers=headers)
        return await self._inner.send(request, timeout=timeout)

    async def close(self) -> None:
        await self._exchanger.close()
        await self._inner.close()


def _headers(config: TokenExchange) -> tuple[tuple[str, str], ...]:
    """With the router's own credentials (RFC 6749 section 2.3.1)."""
    credentials = f"{quote_plus(config.client_id)}:{quote_plus(config.client_secret)}"
    return (
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}"),
    )


def _read(answer: Response) -> _Exchanged:
    if answer.status != 200:
        raise ExchangeError(f"the issuer answered {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=_Exchanged)
    except msgspec.DecodeError as error:
        raise ExchangeError("the issuer's answer has no token") from error
