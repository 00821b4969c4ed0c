"""Whose home is elsewhere: what only their region may do is passed on to it, whole, and its answer back.

Nothing of it is kept here. Without the home nobody else does it in its place, so that there are never two who do.
"""

from collections.abc import Mapping

from common.errors import DomainError
from common.http import Request, Response, Transport, TransportError
from common.http.transport import path_of

_TIMEOUT = 5.0  # seconds
_PASSED = frozenset({"authorization", "content-type", "traceparent", "tracestate"})


class HomeUnavailableError(DomainError):
    """The region that alone may do this cannot be reached."""

    code = "HOME_UNAVAILABLE"
    status = 503

    def __init__(self, region: str) -> None:
        super().__init__(f"The region {region}, where this is at home, cannot be reached", region=region)


class Homes:
    """The other regions, by their `transports`."""

    def __init__(self, transports: Mapping[str, Transport]) -> None:
        self.transports = transports

    def knows(self, region: str) -> bool:
        """Whether it is another region, and one to which this one has a way."""
        return region in self.transports

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
