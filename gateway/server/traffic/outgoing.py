"""What is done to the bytes of a request on their way to a subgraph: compressed, then signed as they are sent."""

from msgspec.structs import replace

from common.auth.signatures import MessageSigner
from common.http import Request, Response, Transport
from gateway.server.config.access import MessageSignature
from gateway.server.config.traffic import SubgraphTraffic
from gateway.server.http.compression import WORTH_COMPRESSING, encoded
from gateway.server.traffic.around import Around


def outgoing(transport: Transport, shaping: SubgraphTraffic, signature: MessageSignature | None) -> Transport:
    """`transport` with what the configuration wants done. Raises ValueError for a key that cannot be used."""
    if signature is not None:
        transport = SigningTransport(transport, MessageSigner(signature.key_id, signature.secret))
    if shaping.compression not in (None, "identity"):
        transport = CompressingTransport(transport, shaping.compression)
    return transport


class SigningTransport(Around):
    """Signs every request but those whose body is not known before it is sent."""

    def __init__(self, inner: Transport, signer: MessageSigner) -> None:
        super().__init__(inner)
        self._signer = signer

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if request.stream is None:
            signature = self._signer.sign(request.method, request.headers, request.body)
            request = replace(request, headers=request.headers + signature)
        return await self._inner.send(request, timeout=timeout)


class CompressingTransport(Around):
    """Compresses the bodies of requests that are worth it."""

    def __init__(self, inner: Transport, coding: str) -> None:
        super().__init__(inner)
        self._coding = coding

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if request.stream is None and len(request.body) >= WORTH_COMPRESSING:
            body = await encoded(request.body, self._coding)
            headers = (*request.headers, ("content-encoding", self._coding))
            request = replace(request, body=body, headers=headers)
        return await self._inner.send(request, timeout=timeout)
