"""Automatic persisted queries: a document sent once with its hash is found by the hash from then on."""

from gateway.server.config.documents import ApqCache
from gateway.server.persisted_queries.errors import hash_mismatch, hash_not_found
from gateway.server.persisted_queries.stores import (
    DocumentStore,
    LayeredDocuments,
    MemoryDocuments,
    digest_of,
)


class AutomaticPersistedQueries:
    """Documents by the SHA-256 of their text, in hexadecimal digits."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    async def text(self, digest: str, sent: str | None) -> str:
        """The document of that hash; one that is `sent` is kept.

        Raises RequestError: PERSISTED_QUERY_HASH_MISMATCH, PERSISTED_QUERY_NOT_FOUND.
        """
        digest = digest.lower()
        if sent is None:
            return await self._find(digest)
        if digest_of(sent) != digest:
            raise hash_mismatch()
        await self._store.put(digest, sent)
        return sent

    async def close(self) -> None:
        await self._store.close()

    async def _find(self, digest: str) -> str:
        text = await self._store.get(digest)
        if text is None:
            raise hash_not_found()
        return text


def open_store(config: ApqCache) -> DocumentStore:
    """A store in memory, before the shared one where there is one. Raises ValueError for a URL that is none."""
    memory = MemoryDocuments(config.in_memory.limit)
    if config.redis is None:
        return memory
    from gateway.server.persisted_queries.valkey import ValkeyDocuments  # noqa: PLC0415 - the client loads slowly

    return LayeredDocuments(memory, ValkeyDocuments(config.redis))
