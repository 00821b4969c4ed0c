"""The tags of cached answers: what an invalidation names, and what makes an entry invalid.

Every entry has its subgraph's and its type's tag. An entity has one for each of its keys that its representation holds,
and what `@cacheTag` gives for its type; an answer of root fields what `@cacheTag` gives for those fields.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    parse,
    value_from_ast_untyped,
)
from msgspec import Struct

from gateway.supergraph import Supergraph

Variables: TypeAlias = Mapping[str, Any]
KeyNames: TypeAlias = Mapping[str, "KeyNames"]
"""The names of a key's fields, each with those inside."""

_PLACEHOLDER = re.compile(r"\{\$(?:args|key)\.([\w.]+)\}")
_MAX_LENGTH = 1024
_REMEMBERED = 8192

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class TagError(ValueError):
    """An answer has a tag that cannot be told: without it, it cannot be made invalid."""


class EntityTags(Struct, frozen=True):
    """The tags of one representation, and of which type it is."""

    type_name: str
    tags: tuple[str, ...]


class Tagging:
    """The tags of one subgraph's answers."""

    def __init__(self, supergraph: Supergraph, subgraph: str) -> None:
        self._supergraph = supergraph
        self._subgraph = subgraph
        self._formats = supergraph.cache_tags.get(supergraph.subgraphs[subgraph].graph, {})
        self.root_type = supergraph.roots["query"]
        self._keys: dict[str, Sequence[KeyNames]] = {}
        self.of_entity = lru_cache(_REMEMBERED)(self._of_entity)

    def of_root(self, fields: Iterable[FieldNode], variables: Variables) -> tuple[str, ...]:
        """The tags of an answer with these root fields. Raises TagError."""
        tags = [subgraph_tag(self._subgraph), type_tag(self._subgraph, self.root_type)]
        for field in fields:
            formats = self._formats.get(f"{self.root_type}.{field.name.value}", ())
            if formats:
                arguments = self._arguments(field, variables)
                tags += [cache_tag(self._subgraph, _expand(each, arguments)) for each in formats]
        return tuple(dict.fromkeys(tags))

    def named(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The tags that the subgraph itself has given an answer. Raises TagError."""
        return tuple(cache_tag(self._subgraph, text) for text in texts)

    def _of_entity(self, encoded: bytes) -> EntityTags:
        """The tags of an entity by its representation. Raises TagError."""
        representation = _decode(encoded)
        name = str(representation["__typename"])
        tags = [subgraph_tag(self._subgraph), type_tag(self._subgraph, name)]
        tags += [
            cache_tag(self._subgraph, _expand(each, representation)) for each in self._entity_formats(name)
        ]
        for names in self._entity_keys(name):
            key = _selected(representation, names)
            if key is not None:
                tags.append(entity_tag(self._subgraph, name, key))
        return EntityTags(name, tuple(dict.fromkeys(tags)))

    def _entity_formats(self, name: str) -> Iterable[str]:
        type_ = self._supergraph.types.get(name)
        interfaces = sorted(type_.interfaces.get(self._subgraph, ())) if type_ else ()
        for each in (name, *interfaces):
            yield from self._formats.get(each, ())

    def _entity_keys(self, name: str) -> Sequence[KeyNames]:
        if name not in self._keys:
            type_ = self._supergraph.types.get(name)
            join = type_.joins.get(self._subgraph) if type_ else None
            self._keys[name] = [_names(key.fields) for key in join.keys] if join else []
        return self._keys[name]

    def _arguments(self, field: FieldNode, variables: Variables) -> dict[str, Any]:
        root_type: Any = self._supergraph.api_schema.query_type
        definition = root_type.fields.get(field.name.value) if root_type else None
        declared = definition.ast_node.arguments or () if definition and definition.ast_node else ()
        known = {
            argument.name.value: value_from_ast_untyped(argument.default_value)
            for argument in declared
            if argument.default_value is not None
        }
        for argument in field.arguments or ():
            value = value_from_ast_untyped(argument.value, dict(variables))
            if value is not Undefined:
                known[argument.name.value] = value
        return known


def subgraph_tag(subgraph: str) -> str:
    """The tag of all that `subgraph` answered."""
    return _named("subgraph", subgraph)


def type_tag(subgraph: str, type_name: str) -> str:
    """The tag of the entities of one type, or of the root fields, of `subgraph`."""
    return _named("type", subgraph, type_name)


def cache_tag(subgraph: str, text: str) -> str:
    """The tag that `@cacheTag` or an answer's extensions have given. Raises TagError."""
    return _named("cache_tag", subgraph, text)


def entity_tag(subgraph: str, type_name: str, key: Mapping[str, Any]) -> str:
    """The tag of one entity; numbers in a key count as the texts that GraphQL's ID makes of them. Raises TagError."""
    return _named("entity", subgraph, type_name, _as_text(key))


def _named(*parts: Any) -> str:
    encoded = _encode(parts)
    if len(encoded) > _MAX_LENGTH:
        raise TagError(f"a tag of {len(encoded)} bytes; at most {_MAX_LENGTH}")
    return encoded.decode()


def _as_text(value: Any) -> Any:
    match value:
        case dict():
            return {name: _as_text(member) for name, member in value.items()}
        case list():
            return [_as_text(element) for element in value]
        case int() if not isinstance(value, bool):
            return str(value)
    return value


def _expand(format_: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda place: _text(format_, place[1].split("."), values), format_)


def _text(format_: str, path: Sequence[str], values: Any) -> str:
    for name in path:
        values = values.get(name) if isinstance(values, dict) else None
    match values:
        case bool():
            return "true" if values else "false"
        case str() | int() | float():
            return str(values)
    raise TagError(f"{format_} needs a value at {'.'.join(path)}")


def _selected(value: Mapping[str, Any], names: KeyNames) -> dict[str, Any] | None:
    """The members of a key; None where one is not there."""
    key = {}
    for name, inside in names.items():
        member = value.get(name)
        if inside:
            member = _selected(member, inside) if isinstance(member, dict) else None
        if member is None:
            return None
        key[name] = member
    return key


def _names(fields: str) -> KeyNames:
    operation = parse(f"{{{fields}}}", no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return _names_inside(operation.selection_set)


def _names_inside(selection_set: SelectionSetNode | None) -> KeyNames:
    selections = selection_set.selections if selection_set else ()
    return {
        field.name.value: _names_inside(field.selection_set)
        for field in selections
        if isinstance(field, FieldNode)
    }
