"""The graph of the running services: their SDL, asked for and composed."""

import asyncio
from collections.abc import Mapping

import msgspec

from common.http import Request, Transport, TransportError
from gateway.composition import Subgraph, compose
from gateway.platform.errors import PlatformError

_QUERY = msgspec.json.encode({"query": "{ _service { sdl } }"})
_HEADERS = (("content-type", "application/json"),)
_TIMEOUT = 10.0


async def compose_graph(transports: Mapping[str, Transport]) -> str:
    """The supergraph SDL of the services behind `transports`, which are at their GraphQL endpoints.

    Raises:
        PlatformError: a service does not tell its SDL, or they do not compose; the message has every error.
    """
    texts = await asyncio.gather(*(_fetch_sdl(name, transport) for name, transport in transports.items()))
    result = compose(
        Subgraph(name=name, sdl=sdl, url=transport.url)
        for (name, transport), sdl in zip(transports.items(), texts, strict=True)
    )
    if result.supergraph_sdl is None:
        errors = "\n".join(f"  {error.code}: {error.message}" for error in result.errors)
        raise PlatformError(f"The services do not compose:\n{errors}")
    return result.supergraph_sdl


async def _fetch_sdl(name: str, transport: Transport) -> str:
    try:
        answer = await transport.send(Request(path="", body=_QUERY, headers=_HEADERS), timeout=_TIMEOUT)
        sdl = msgspec.json.decode(answer.body)["data"]["_service"]["sdl"]
    except (TransportError, msgspec.DecodeError, LookupError, TypeError) as error:
        raise PlatformError(f"{name} does not tell its schema: {error!r}") from error
    return str(sdl)
