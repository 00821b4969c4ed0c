"""Asking another region, by one signed request; and being asked."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from common.auth.signatures import MessageSigner, MessageVerifier
from common.errors import DomainError
from common.http import Request, Response, Transport, TransportError
from common.http.messages import Headers
from common.http.transport import path_of

PATH = "/region"
_KEY_ID = "region"
_TIMEOUT = 5.0  # seconds

T = TypeVar("T")


class RegionUnavailableError(DomainError):
    """The region that alone knows this cannot be reached."""

    code = "REGION_UNAVAILABLE"
    status = 503

    def __init__(self, region: str) -> None:
        super().__init__(
            f"The region {region}, which this is for to decide, cannot be reached", region=region
        )


class RefusedElsewhereError(Exception):
    """The other region refuses, by one of its own errors."""

    def __init__(self, region: str, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{region}: {problem.get('title')}")
        self.region = region
        self.code = str(problem.get("code"))
        self.problem = problem


class Neighbours:
    """The other regions, by their `transports`; requests are signed by `secret`, which all have."""

    def __init__(self, transports: Mapping[str, Transport], secret: str) -> None:
        self._transports = transports
        self._signer = MessageSigner(_KEY_ID, secret)
        self._verifier = MessageVerifier({_KEY_ID: secret})

    async def ask(self, region: str, question: msgspec.Struct, answer: type[T]) -> T:
        """What the region answers.

        Raises:
            RegionUnavailableError: it does not, or cannot now.
            RefusedElsewhereError: it refuses.
        """
        transport = self._transports.get(region)
        if transport is None:
            raise RegionUnavailableError(region)
        try:
            answered = await transport.send(self._request(transport, question), timeout=_TIMEOUT)
            if answered.status != 200:
                raise _refusal(region, answered)
            return msgspec.json.decode(answered.body, type=answer)
        except (TransportError, msgspec.DecodeError) as error:
            raise RegionUnavailableError(region) from error

    def sign(self, method: str, headers: Headers, body: bytes) -> Headers:
        """The headers by which another region knows that one has sent it, beside `headers`."""
        return self._signer.sign(method, headers, body)

    def check(self, method: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Raises InvalidSignatureError unless another region has sent it, a moment ago."""
        self._verifier.verify(method, headers, body)

    def _request(self, transport: Transport, question: msgspec.Struct) -> Request:
        body = msgspec.json.encode(question)
        headers = (("content-type", "application/json"),)
        signed = (*headers, *self.sign("POST", headers, body))
        return Request(path=path_of(transport.url).rstrip("/") + PATH, body=body, headers=signed)


def _refusal(region: str, answered: Response) -> Exception:
    if answered.status >= 500:
        return RegionUnavailableError(region)
    return RefusedElsewhereError(region, msgspec.json.decode(answered.body, type=dict[str, Any]))
