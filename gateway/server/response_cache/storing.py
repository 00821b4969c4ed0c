"""What of a subgraph's answer is kept, and the bytes of it."""

from collections.abc import Iterator
from typing import NamedTuple

from common.http import Response
from gateway.execution.errors import FetchError
from gateway.server.response_cache.answers import Extensions, read_subgraph_answer
from gateway.server.response_cache.missing import Missing
from gateway.server.response_cache.requests import Item
from gateway.server.response_cache.tags import TagError, Tagging

_MAX_SIZE = 1024 * 1024
"""Bytes of a value; what is larger is not kept."""
_MAX_TAGS = 64
_NULL = b"null"
_NO_SOONER = b"0 "


class Value(NamedTuple):
    """The answer to an item, with its tags."""

    item: Item
    tags: tuple[str, ...]
    json: bytes


def values_to_store(missing: Missing, response: Response, tagging: Tagging) -> list[Value]:
    """None of an answer with errors; neither nulls nor what is too large or has tags that cannot be told."""
    answer = read_subgraph_answer(response)
    if answer is None or answer.has_errors or not answer.has_data:
        return []
    try:
        values = missing.requested.split(answer.data, missing.numbers, has_errors=False)
    except FetchError:
        return []
    items = [missing.requested.items[number] for number in missing.numbers]
    found: Iterator[tuple[Item, tuple[str, ...], bytes]]
    if answer.extensions is None:
        found = ((item, item.tags, value) for item, value in zip(items, values, strict=True))
    else:
        found = _tagged(items, values, answer.extensions, tagging)
    return [Value(*each) for each in found if each[2] != _NULL and len(each[2]) <= _MAX_SIZE]


def _tagged(
    items: list[Item], values: list[bytes], extensions: Extensions, tagging: Tagging
) -> Iterator[tuple[Item, tuple[str, ...], bytes]]:
    for place, (item, value) in enumerate(zip(items, values, strict=True)):
        try:
            own = tagging.named(extensions.of_item(place, len(items)))
        except TagError:
            continue
        tags = tuple(dict.fromkeys((*item.tags, *own)))
        if len(tags) <= _MAX_TAGS:
            yield item, tags, value


def stored(value: bytes, sooner: int) -> bytes:
    """The bytes that are kept: `sooner` is by how much others must let it go before us (`CacheControl`)."""
    return (b"%d " % sooner if sooner else _NO_SOONER) + value


def value_of(data: bytes) -> bytes:
    """The JSON of the bytes that are kept."""
    return data[data.index(b" ") + 1 :]


def sooner_of(data: bytes) -> int:
    """The seconds in the bytes that are kept."""
    return 0 if data.startswith(_NO_SOONER) else int(data[: data.index(b" ")])
