"""The entities of one `_entities` field: where they are wanted, what is sent, and where answers go."""

from typing import Any

import msgspec

from gateway.execution.answer import MALFORMED, Answer
from gateway.execution.contexts import compile_contextual_collector, numbered
from gateway.execution.errors import FetchError, Position
from gateway.execution.merge import copy, has_containers, is_plain, merge
from gateway.execution.paths import Object, compile_collector, compile_locator
from gateway.execution.renames import compile_rename
from gateway.execution.representations import Placement, Representations, compile_builders
from gateway.planning.plan import EntityFetch


class Gathered(msgspec.Struct, frozen=True, gc=False):
    """Representations without duplicates and, a path each, the objects that they stand for.

    They are answered under `alias`; `context` holds the encoded values of contextual arguments.
    """

    alias: str
    representations: tuple[bytes, ...]
    placements: list[Placement]
    context: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        return b"[" + b",".join(self.representations) + b"]"


class EntityPlaces:
    """`interfaces` are the names that an answer may not put in the place of an object type."""

    def __init__(self, entity: EntityFetch, interfaces: frozenset[str]) -> None:
        self._alias = entity.alias
        self.renamers = entity.renames
        self._builders = compile_builders(entity.representations)
        self._collectors = [compile_collector(path) for path in entity.paths]
        self._locators = [compile_locator(path) for path in entity.paths]
        self._renames = [compile_rename(renamer) for renamer in entity.renames]
        self._interfaces = interfaces

        self._collect_by_context = compile_contextual_collector(entity) if entity.context else None

    def gather(self, data: Object) -> list[Gathered]:
        """One, or as many as there are different contexts among the objects."""
        if self._collect_by_context is not None:
            return self._gather_by_context(self._collect_by_context(data))
        found = Representations()
        placements = [found.place(collect(data), self._builders) for collect in self._collectors]
        return [Gathered(self._alias, tuple(found.encoded), placements)]

    def _gather_by_context(self, objects: dict[tuple[bytes, ...], list[Object]]) -> list[Gathered]:
        gathered: list[Gathered] = []
        for context, values in objects.items():
            found = Representations()
            placements = [found.place(values, self._builders)]
            if found.encoded:
                alias = numbered(self._alias, len(gathered))
                gathered.append(Gathered(alias, tuple(found.encoded), placements, context))
        return gathered

    def read(self, answer: Answer, gathered: Gathered) -> list[Object | None]:
        """The answered entities, one for each representation. Raises FetchError where they are not that."""
        count = len(gathered.representations)
        entities: Any = None if answer.data is None else answer.data.get(gathered.alias)
        if entities is None and answer.errors:
            return [None] * count
        if not _is_entity_list(entities, count):
            raise FetchError(MALFORMED, "the entities do not match the representations")
        return list(entities)

    def fill(self, gathered: Gathered, entities: list[Object | None]) -> None:
        """Merges each entity into every object that it answers for.

        Objects of one path are asked the same afterwards and may share what is inside an entity; those of
        another path get a copy of their own.
        """
        for entity in entities:
            if entity is not None:
                self._normalize(entity)
        plain = all(entity is None or is_plain(entity) for entity in entities)
        put = dict.update if plain else merge
        for number, (objects, indices) in enumerate(gathered.placements):
            source = entities if plain or number == 0 else _unshared(entities, indices)
            for value, index in zip(objects, indices, strict=True):
                if (entity := source[index]) is not None:
                    put(value, entity)

    def _normalize(self, entity: Object) -> None:
        for rename in self._renames:
            rename(entity)
        typename = entity.get("__typename")
        if typename.__class__ is str and typename in self._interfaces:
            del entity["__typename"]

    def positions(self, gathered: Gathered, data: Object) -> list[tuple[Position, int]]:
        """Where in the response entities are wanted, in its order, and the number of their representation."""
        positions: list[tuple[Position, int]] = []
        for locate, (objects, indices) in zip(self._locators, gathered.placements, strict=True):
            numbers = {id(value): index for value, index in zip(objects, indices, strict=True)}
            positions += [
                (position, numbers[id(value)]) for position, value in locate(data) if id(value) in numbers
            ]
        return positions


def _is_entity_list(entities: Any, count: int) -> bool:
    return (
        entities.__class__ is list
        and len(entities) == count
        and all(entity is None or entity.__class__ is dict for entity in entities)
    )


def _unshared(entities: list[Object | None], indices: list[int]) -> list[Object | None]:
    own = list(entities)
    for index in set(indices):
        entity = own[index]
        if entity is not None and has_containers(entity):
            own[index] = copy(entity)
    return own
