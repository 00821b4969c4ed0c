"""Whose home is elsewhere: what only their region may do is passed on to it, whole, and its answer back.

Nothing of it is kept here. Without the home nobody else does it in its place, so that there are never two who do.
"""

from collections.abc import Mapping

from common.auth import InvalidToken, jws
from common.errors import DomainError
from common.http import Request, Response, Transport, TransportError
from common.http.transport import path_of
from subgraphs.identity.domain.grants import RefreshToken
from subgraphs.identity.service.neighbours import Neighbours

_TIMEOUT = 5.0  # seconds
_PASSED = frozenset({"authorization", "content-type", "traceparent", "tracestate"})


class HomeUnavailableError(DomainError):
    """The region that alone may do this cannot be reached."""

    code = "HOME_UNAVAILABLE"
    status = 503

    def __init__(self, region: str) -> None:
        super().__init__(f"The region {region}, where this is at home, cannot be reached", region=region)


class Homes:
    """The other regions, by their `transports`; `neighbours` asks them, where all have a secret for that."""

    def __init__(self, transports: Mapping[str, Transport], neighbours: Neighbours | None) -> None:
        self.transports = transports
        self.neighbours = neighbours

    def of(self, token: str) -> str | None:
        """The other region that alone can end a token, or knows all of it; None for this one, and for what is no token.

        A refresh token names its home, and an access token's key the region that signed it. Neither is proved yet.
        """
        refresh = RefreshToken.parse(token)
        home = refresh.home if refresh else _signing_region(token)
        return home if home in self.transports else None

    async def pass_on(self, region: str, request: Request) -> Response:
        """The answer of the home, whatever it is. `request` is for a path under the region's own.

        Raises:
            HomeUnavailableError: there is none.
        """
        transport = self.transports[region]
        headers = tuple(pair for pair in request.headers if pair[0] in _PASSED)
        path = path_of(transport.url).rstrip("/") + request.path
        try:
            return await transport.send(
                Request(path=path, body=request.body, method=request.method, headers=headers),
                timeout=_TIMEOUT,
            )
        except TransportError as error:
            raise HomeUnavailableError(region) from error

    async def close(self) -> None:
        for transport in self.transports.values():
            await transport.close()


def _signing_region(token: str) -> str | None:
    try:
        kid = jws.parse(token).headers().get("kid")
    except InvalidToken:
        return None
    return kid.rpartition(":")[0] if isinstance(kid, str) else None
