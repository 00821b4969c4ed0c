"""The document that a request means: the one it sends, the one of a hash, the one of an id in a manifest."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.server.config.documents import PersistedQueries
from gateway.server.config.schema import RouterConfig
from gateway.server.errors import bad_request
from gateway.server.http.parameters import Parameters
from gateway.server.http.request import HttpRequest
from gateway.server.persisted_queries.automatic import AutomaticPersistedQueries, open_store
from gateway.server.persisted_queries.errors import id_and_body, id_required, not_in_list, not_supported
from gateway.server.persisted_queries.manifest import Manifest, read_manifests
from gateway.server.persisted_queries.safelist import Safelist, log_unknown

_CLIENT_NAME = b"apollographql-client-name"


class _PersistedQuery(Struct, frozen=True, rename={"digest": "sha256Hash"}):
    """The extension `persistedQuery`; the hash is the id of a manifest, too, which may be any text."""

    version: int
    digest: str


class Documents:
    """`manifest` is None where no manifest counts, `automatic` where no hash is kept."""

    def __init__(
        self, config: PersistedQueries, manifest: Manifest | None, automatic: AutomaticPersistedQueries | None
    ) -> None:
        self._manifest = manifest
        self._automatic = automatic
        self._requires_id = config.enabled and config.safelist.enabled and config.safelist.require_id
        self._logs_unknown = config.log_unknown

    def sent(self, parameters: Parameters) -> str | None:
        """The document of a request that sends it and nothing else that tells which; None for any other request."""
        return None if parameters.extensions or self._requires_id else parameters.query or None

    async def find(self, parameters: Parameters, request: HttpRequest) -> str:
        """The document's text, for a request of any kind.

        Raises RequestError: there is none, or it is not known, or it may not be sent.
        """
        if parameters.extensions and "persistedQuery" in parameters.extensions:
            return await self._persisted(_read(parameters.extensions["persistedQuery"]), parameters, request)
        if self._requires_id:
            if self._logs_unknown and parameters.query:
                log_unknown(parameters.query)
            raise id_required()
        if not parameters.query:
            raise bad_request("The parameter `query` is missing: it holds the GraphQL document")
        return parameters.query

    async def close(self) -> None:
        if self._automatic is not None:
            await self._automatic.close()

    async def _persisted(self, asked: _PersistedQuery, parameters: Parameters, request: HttpRequest) -> str:
        sent = parameters.query or None
        if self._manifest is not None:
            listed = self._listed(asked.digest, request)
            if listed is not None and sent is None:
                return listed
            if self._automatic is None:
                raise id_and_body() if sent else not_in_list(asked.digest, parameters.operation_name)
        if self._automatic is None:
            raise not_supported()
        return await self._automatic.text(asked.digest, sent)

    def _listed(self, id_: str, request: HttpRequest) -> str | None:
        assert self._manifest is not None
        own = self._manifest.get((id_, request.header(_CLIENT_NAME)))
        return self._manifest.get((id_, None)) if own is None else own


def open_documents(config: RouterConfig) -> tuple[Documents, Safelist | None]:
    """What finds documents, and what looks at those that were found. Raises ValueError for a configuration's fault."""
    listed = config.persisted_queries
    manifest = read_manifests(listed.local_manifests) if listed.enabled else None
    automatic = AutomaticPersistedQueries(open_store(config.apq.router.cache)) if config.apq.enabled else None
    safelist = None if manifest is None else Safelist.from_config(listed, manifest)
    return Documents(listed, manifest, automatic), safelist


def _read(extension: Any) -> _PersistedQuery:
    try:
        asked = msgspec.convert(extension, _PersistedQuery)
    except msgspec.ValidationError as error:
        raise bad_request(f"The extension `persistedQuery` is malformed: {error}") from None
    if asked.version != 1:
        raise bad_request("The extension `persistedQuery` must have the version 1")
    return asked
