"""What a router is to answer, and how: read from a supergraph's source and a configuration file."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.server.config import LOCAL, RouterConfig, load_config
from gateway.server.dotted import files_of
from gateway.server.reloading.files import FileWatch
from gateway.server.reloading.sources import SourceError, open_source, parse_supergraph
from gateway.supergraph import Supergraph

_log = logging.getLogger("hansa.router")


class Wanted(NamedTuple):
    """A supergraph and the configuration to serve it under."""

    supergraph: Supergraph
    config: RouterConfig


class Origin:
    """Reads both anew each time; a text that is the same as before is not parsed again.

    Without a file the configuration is `LOCAL`. Raises SourceError for a place that is no file's path and no URL.
    """

    def __init__(self, supergraph: str, config: Path | None, environment: Mapping[str, str]) -> None:
        self._source = open_source(supergraph)
        self._file = config
        self._environment = environment
        self._watch = FileWatch()
        self._modules: frozenset[Path] = frozenset()
        self._text = ""
        self._parsed: tuple[str, Supergraph] | None = None

    async def load(self) -> Wanted:
        """A URL that does not answer leaves the supergraph as it was. Raises SourceError and ConfigError."""
        self._watch.note(self._source.files)
        self._text = await self._read()
        config = await asyncio.to_thread(self.read_config)
        if self._parsed is None or self._parsed[0] != self._text:
            supergraph = await asyncio.to_thread(parse_supergraph, self._text, self._source.name)
            self._parsed = self._text, supergraph
        return Wanted(self._parsed[1], config)

    def read_config(self) -> RouterConfig:
        """Raises ConfigError."""
        if self._file is None:
            return LOCAL
        self._watch.note([self._file, *self._modules])
        config = load_config(self._file, self._environment)
        self._modules = files_of(config.dotted_names)
        self._watch.note(self._modules)
        self._watch.note(map(Path, config.persisted_queries.local_manifests))
        return config

    def has_changed(self) -> bool:
        """Whether a file that was read is another one now."""
        return self._watch.has_changed()

    async def has_moved(self) -> bool:
        """Whether a URL has another supergraph than the one that was read last. Raises SourceError."""
        return self._source.is_asked and await self._source.read() != self._text

    async def _read(self) -> str:
        try:
            return await self._source.read()
        except SourceError as error:
            if self._parsed is None or not self._source.is_asked:
                raise
            _log.warning("The supergraph stays as it is: %s", error)
            return self._parsed[0]
