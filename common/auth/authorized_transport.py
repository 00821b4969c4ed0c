"""Requests to a service with the token of a client of one's own, in place of a secret that both share."""

import asyncio

from msgspec.structs import replace

from common.auth.client_credentials import ClientCredentials, TokenUnavailableError
from common.http import Request, Response, Transport


class AuthorizedTransport:
    """Sends requests as `inner` does, each with a token of the client's as its `authorization`.

    One that is answered 401 is sent once more with another token: it was not done. A body that is a stream is over by then,
    so that its answer stays. Closing closes both: credentials are of one transport.
    """

    def __init__(self, inner: Transport, credentials: ClientCredentials) -> None:
        self._inner = inner
        self._credentials = credentials

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        """As `Transport.send`. Raises TokenUnavailableError, too."""
        clock = asyncio.get_running_loop()
        until = None if timeout is None else clock.time() + timeout
        token, left = await self._token(until)
        response = await self._inner.send(_with(request, token), timeout=left)
        if response.status != 401 or request.stream is not None or not self._credentials.reject(token):
            return response
        token, left = await self._token(until)
        return await self._inner.send(_with(request, token), timeout=left)

    async def close(self) -> None:
        await self._credentials.close()
        await self._inner.close()

    async def _token(self, until: float | None) -> tuple[str, float | None]:
        """A token, and the seconds that are left."""
        try:
            async with asyncio.timeout_at(until):
                token = await self._credentials.token()
        except TimeoutError as error:
            raise TokenUnavailableError("the issuer did not answer in time") from error
        return token, None if until is None else until - asyncio.get_running_loop().time()


def _with(request: Request, token: str) -> Request:
    others = tuple(header for header in request.headers if header[0] != "authorization")
    return replace(request, headers=(("authorization", f"Bearer {token}"), *others))
