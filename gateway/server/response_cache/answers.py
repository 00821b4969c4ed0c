"""A subgraph's answer, as far as a cache reads it."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from common.http import Response

_NULL = b"null"


class Extensions(Struct):
    """The tags that a subgraph gives: to the whole answer, and to each entity in its place."""

    cache_tags: list[str] = msgspec.field(name="apolloCacheTags", default_factory=list)
    entity_cache_tags: list[list[str]] = msgspec.field(name="apolloEntityCacheTags", default_factory=list)

    def of_item(self, number: int, count: int) -> list[str]:
        """The tags of one of `count` items; of all where their places are not told."""
        entities = self.entity_cache_tags
        own = entities[number] if len(entities) == count else [tag for tags in entities for tag in tags]
        return [*self.cache_tags, *own]


class SubgraphAnswer(Struct):
    """`data` and `errors` as they came."""

    data: Raw = Raw(_NULL)
    errors: Raw = Raw(_NULL)
    extensions: Extensions | None = None

    @property
    def has_errors(self) -> bool:
        return bytes(self.errors).strip() not in (_NULL, b"[]")

    @property
    def has_data(self) -> bool:
        return bytes(self.data).strip() != _NULL

    def read_errors(self) -> Any:
        return msgspec.json.decode(self.errors)


_decode = msgspec.json.Decoder(SubgraphAnswer).decode


def read_subgraph_answer(response: Response) -> SubgraphAnswer | None:
    """What a response says; None for one that is no answer, or whose tags cannot be read."""
    try:
        response.body.decode()
        return _decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
