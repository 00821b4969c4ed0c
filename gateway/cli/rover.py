"""The file that names what is composed, in rover's format."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from common.http import Request, TransportError, open_transport
from gateway.composition import Subgraph
from gateway.server.config import ConfigError
from gateway.server.config.document import Located, read_document
from gateway.server.config.load import convert, read_text

_QUERY = msgspec.json.encode({"query": "query SubgraphSdl { _service { sdl } }"})
_TIMEOUT = 30.0


class SchemaSource(Struct, frozen=True):
    """Where a subgraph's SDL comes from; exactly one is given."""

    file: str | None = None
    sdl: str | None = None
    subgraph_url: str | None = None


class SubgraphEntry(Struct, frozen=True):
    """One subgraph; `routing_url` is its `subgraph_url` unless it is given."""

    schema_: SchemaSource = field(name="schema")
    routing_url: str | None = None


class SupergraphFile(Struct, frozen=True):
    """The whole file. Any federation version of the second generation composes alike."""

    subgraphs: dict[str, SubgraphEntry]
    federation_version: str | int | float = "2"


class _Service(Struct):
    sdl: str


class _Data(Struct):
    service: _Service = field(name="_service")


class _Answer(Struct):
    data: _Data


async def load_subgraphs(file: Path, environment: Mapping[str, str]) -> list[Subgraph]:
    """The subgraphs that `file` names, their SDL read or asked for, all at the same time.

    Raises ConfigError, which names the line of the subgraph that cannot be loaded.
    """
    document = read_document(read_text(file), source=str(file), environment=environment)
    parsed = convert(document, SupergraphFile, source=str(file))
    if str(parsed.federation_version).lstrip("=").startswith(("0", "1")):
        line = document.at(("federation_version",)).line
        raise ConfigError("Only versions 2 and above of federation compose", source=str(file), line=line)
    loader = _Loader(file, document)
    return list(await asyncio.gather(*(loader.load(name, entry) for name, entry in parsed.subgraphs.items())))


def watched_files(file: Path, environment: Mapping[str, str]) -> list[Path]:
    """The files that decide what `file` composes, itself first; only itself where it cannot be read."""
    try:
        document = read_document(read_text(file), source=str(file), environment=environment)
        parsed = convert(document, SupergraphFile, source=str(file))
    except ConfigError:
        return [file]
    sources = (entry.schema_.file for entry in parsed.subgraphs.values())
    return [file, *(file.parent / source for source in sources if source is not None)]


class _Loader:
    def __init__(self, file: Path, document: Located) -> None:
        self._file = file
        self._document = document

    async def load(self, name: str, entry: SubgraphEntry) -> Subgraph:
        source = entry.schema_
        url = entry.routing_url or source.subgraph_url
        if url is None:
            raise self._error(name, f"The subgraph `{name}` needs a `routing_url`")
        if sum(given is not None for given in (source.file, source.sdl, source.subgraph_url)) != 1:
            raise self._error(
                name, f"The schema of `{name}` takes exactly one of `file`, `sdl` and `subgraph_url`"
            )
        return Subgraph(name=name, sdl=await self._sdl(name, source), url=url)

    async def _sdl(self, name: str, source: SchemaSource) -> str:
        if source.sdl is not None:
            return source.sdl
        if source.file is not None:
            return await asyncio.to_thread(read_text, self._file.parent / source.file)
        assert source.subgraph_url is not None
        return await self._ask(name, source.subgraph_url)

    async def _ask(self, name: str, url: str) -> str:
        try:
            transport = open_transport(url)
        except ValueError as error:
            raise self._error(name, str(error)) from None
        headers = (("content-type", "application/json"), ("accept", "application/json"))
        try:
            response = await transport.send(Request(body=_QUERY, headers=headers), timeout=_TIMEOUT)
            return msgspec.json.decode(response.body, type=_Answer).data.service.sdl
        except TransportError as error:
            raise self._error(
                name, f"The subgraph `{name}` at {url} does not answer: {error.reason}"
            ) from None
        except msgspec.DecodeError:
            message = f"The subgraph `{name}` at {url} does not answer `_service {{ sdl }}`"
            raise self._error(name, message) from None
        finally:
            await transport.close()

    def _error(self, name: str, message: str) -> ConfigError:
        line = self._document.at(("subgraphs", name)).line
        return ConfigError(message, source=str(self._file), line=line)
