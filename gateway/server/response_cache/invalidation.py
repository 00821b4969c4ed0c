"""What makes cached answers invalid: requests in the form of Apollo Router's protocol, from its endpoint or an event."""

import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from gateway.server.config.response_cache import SubgraphsCaching
from gateway.server.response_cache.tags import TagError, cache_tag, entity_tag, subgraph_tag, type_tag
from gateway.server.response_cache.valkey import ValkeyEntries


class OfSubgraph(Struct, tag_field="kind", tag="subgraph", forbid_unknown_fields=True):
    """All that a subgraph answered."""

    subgraph: str

    @property
    def tags(self) -> list[tuple[str, str]]:
        """Each with its subgraph. Raises TagError."""
        return [(self.subgraph, subgraph_tag(self.subgraph))]


class OfType(Struct, tag_field="kind", tag="type", forbid_unknown_fields=True):
    """All entities of a type, or with a root type's name all root fields, that a subgraph answered."""

    subgraph: str
    type: str

    @property
    def tags(self) -> list[tuple[str, str]]:
        return [(self.subgraph, type_tag(self.subgraph, self.type))]


class OfCacheTag(Struct, tag_field="kind", tag="cache_tag", forbid_unknown_fields=True):
    """What several subgraphs answered and gave a tag."""

    subgraphs: list[str]
    cache_tag: str

    @property
    def tags(self) -> list[tuple[str, str]]:
        return [(subgraph, cache_tag(subgraph, self.cache_tag)) for subgraph in dict.fromkeys(self.subgraphs)]


class OfEntity(Struct, tag_field="kind", tag="entity", forbid_unknown_fields=True):
    """One entity that a subgraph answered, by all fields of one of its keys."""

    subgraph: str
    type: str
    key: dict[str, Any]

    @property
    def tags(self) -> list[tuple[str, str]]:
        return [(self.subgraph, entity_tag(self.subgraph, self.type, self.key))]


Invalidation: TypeAlias = OfSubgraph | OfType | OfCacheTag | OfEntity

_decode = msgspec.json.Decoder(list[Invalidation]).decode


class InvalidInvalidation(ValueError):  # noqa: N818 - says what is the case
    """It is no JSON array of invalidation requests; the message says where it is none."""


def read_invalidations(body: bytes) -> list[tuple[str, str]]:
    """The tags that a JSON array of requests names, each with its subgraph. Raises InvalidInvalidation."""
    try:
        return [tag for each in _decode(body) for tag in each.tags]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TagError) as error:
        raise InvalidInvalidation(str(error)) from None


class Invalidations:
    """Makes the answers of a supergraph's subgraphs invalid, for all routers that share them."""

    def __init__(self, entries: Mapping[str, ValkeyEntries], caching: SubgraphsCaching) -> None:
        self._entries = entries
        self._caching = caching

    def may(self, key: str, tags: Sequence[tuple[str, str]]) -> bool:
        """Whether `key` is that of every subgraph, or the one for all."""
        return all(any(_equal(key, known) for known in self._keys(subgraph)) for subgraph, _ in tags)

    async def run(self, tags: Sequence[tuple[str, str]]) -> int:
        """How many answers were stored with them. Raises ValkeyUnavailableError.

        No request that begins after this returns is given what was fetched before, by any router.
        """
        by_server: dict[ValkeyEntries, list[str]] = defaultdict(list)
        for subgraph, tag in tags:
            if subgraph in self._entries:
                by_server[self._entries[subgraph]].append(tag)
        return sum([await entries.invalidate(named) for entries, named in by_server.items()])

    def _keys(self, subgraph: str) -> Iterator[str]:
        own = self._caching.subgraphs.get(subgraph)
        for caching in (self._caching.all, own):
            if caching and caching.invalidation.enabled and caching.invalidation.shared_key:
                yield caching.invalidation.shared_key


def _equal(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
