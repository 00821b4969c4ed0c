"""A request to a subgraph as what can be kept apart of it: its root fields as one, or each representation.

It is read from the bytes that would be sent, and writes those that ask for what is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from gateway.execution.answer import MALFORMED
from gateway.execution.errors import FetchError
from gateway.planning.plan import Fetch
from gateway.server.response_cache.documents import EntityField, FetchDocument, Selection, read_fetch
from gateway.server.response_cache.tags import TagError, Tagging


class Item(Struct, frozen=True):
    """Something that is answered by itself: its type, the tags that it is known to have, what is its own in a key."""

    type_name: str
    tags: tuple[str, ...]
    identity: bytes


class Requested(Protocol):
    """What a request asks for."""

    items: Sequence[Item]

    def body(self, missing: Sequence[int]) -> bytes:
        """The request for some of the items, by their numbers."""

    def split(self, data: Raw, missing: Sequence[int], *, has_errors: bool) -> list[bytes]:
        """The answers to those items in the data of an answer. Raises FetchError where they are not that."""

    def join(self, values: Sequence[bytes]) -> bytes:
        """The data of an answer to all items."""

    def place(self, path: Sequence[str | int], missing: Sequence[int]) -> list[str | int]:
        """Where an error at `path` of an answer to some of the items belongs in that to all."""


class RootRequest:
    """A request for root fields, which are kept together."""

    def __init__(self, body: bytes, item: Item) -> None:
        self._body = body
        self.items: Sequence[Item] = [item]

    def body(self, missing: Sequence[int]) -> bytes:
        del missing
        return self._body

    def split(self, data: Raw, missing: Sequence[int], *, has_errors: bool) -> list[bytes]:
        del missing, has_errors
        return [bytes(data)]

    def join(self, values: Sequence[bytes]) -> bytes:
        (data,) = values
        return data

    def place(self, path: Sequence[str | int], missing: Sequence[int]) -> list[str | int]:
        del missing
        return list(path)


class EntityRequest:
    """A request for entities. Items are numbered through its `_entities` fields."""

    def __init__(
        self,
        members: Mapping[str, Raw],
        variables: Mapping[str, Raw],
        fields: Sequence[tuple[EntityField, list[Raw]]],
        items: Sequence[Item],
    ) -> None:
        self._members = members
        self._variables = variables
        self._fields = fields
        self.items = items

    def body(self, missing: Sequence[int]) -> bytes:
        lists = {
            field.variable: [representations[number - start] for number in numbers]
            for field, representations, start, numbers in self._numbered(missing)
        }
        return msgspec.json.encode({**self._members, "variables": {**self._variables, **lists}})

    def split(self, data: Raw, missing: Sequence[int], *, has_errors: bool) -> list[bytes]:
        answered = _read_entities(data) or {}
        values: list[bytes] = []
        for field, _, _, numbers in self._numbered(missing):
            found = answered.get(field.alias)
            if found is None and has_errors:
                found = [_NULL] * len(numbers)
            if found is None or len(found) != len(numbers):
                raise _mismatch()
            values += map(bytes, found)
        return values

    def join(self, values: Sequence[bytes]) -> bytes:
        start, members = 0, []
        for field, representations in self._fields:
            end = start + len(representations)
            members.append(b'"%s":[%s]' % (field.alias.encode(), b",".join(values[start:end])))
            start = end
        return b"{" + b",".join(members) + b"}"

    def place(self, path: Sequence[str | int], missing: Sequence[int]) -> list[str | int]:
        for field, _, start, numbers in self._numbered(missing):
            match path:
                case [field.alias, int(index), *rest] if 0 <= index < len(numbers):
                    return [field.alias, numbers[index] - start, *rest]
        return []

    def _numbered(self, missing: Sequence[int]) -> Iterator[tuple[EntityField, list[Raw], int, list[int]]]:
        """The fields with their representations, the number of their first, and those of the missing ones."""
        start = 0
        for field, representations in self._fields:
            end = start + len(representations)
            yield field, representations, start, [number for number in missing if start <= number < end]
            start = end


class _Body(Struct):
    query: str = ""
    variables: dict[str, Raw] = {}


_read_body = msgspec.json.Decoder(_Body).decode
_read_members = msgspec.json.Decoder(dict[str, Raw]).decode
_read_representations = msgspec.json.Decoder(list[Raw]).decode
_decode_entities = msgspec.json.Decoder(dict[str, list[Raw] | None] | None).decode
_NULL = Raw(b"null")


def read_request(fetch: Fetch, body: bytes, tagging: Tagging) -> Requested | None:
    """What a query's request asks for; None where that cannot be kept.

    That is one whose document is not the fetch's own (contexts that differ), and one that has a tag which cannot be told.
    """
    read = _read_body(body)
    if read.query != fetch.document:
        return None
    document = read_fetch(fetch)
    try:
        if fetch.entities:
            return _entity_request(document, body, read.variables, tagging)
        return RootRequest(body, _root_item(document, read.variables, tagging))
    except TagError:
        return None


def _root_item(document: FetchDocument, variables: Mapping[str, Raw], tagging: Tagging) -> Item:
    values = {
        name: msgspec.json.decode(variables[name])
        for name in document.selection.variables
        if name in variables
    }
    tags = tagging.of_root(document.roots, values)
    return Item(tagging.root_type, tags, _identity(b"root", document.selection, variables))


def _entity_request(
    document: FetchDocument, body: bytes, variables: Mapping[str, Raw], tagging: Tagging
) -> EntityRequest:
    items: list[Item] = []
    fields = [(field, _read_representations(variables[field.variable])) for field in document.entities]
    for field, representations in fields:
        identity = _identity(b"entity", field.selection, variables)
        for representation in representations:
            encoded = bytes(representation)
            known = tagging.of_entity(encoded)
            items.append(Item(known.type_name, known.tags, identity + encoded))
    return EntityRequest(_read_members(body), variables, fields, items)


def _identity(kind: bytes, selection: Selection, variables: Mapping[str, Raw]) -> bytes:
    used = [b"%s:%s" % (name.encode(), variables[name]) for name in selection.variables if name in variables]
    return b"%s%s{%s}" % (selection.identity, kind, b",".join(used))


def _read_entities(data: Raw) -> dict[str, list[Raw] | None] | None:
    try:
        entities: dict[str, list[Raw] | None] | None = _decode_entities(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _mismatch() from None
    return entities


def _mismatch() -> FetchError:
    return FetchError(MALFORMED, "the entities do not match the representations")
