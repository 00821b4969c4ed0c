"""Contexts on a path: which types set them, and which fields need them (`@context`, `@fromContext`).

A context is set by the last field that was taken from a type that sets it, wherever that field was resolved; what is
selected from it is collected from there. Names of contexts are a subgraph's own.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.composition.ingest.federation import all_fields
from gateway.composition.merge.context import MergeContext
from gateway.composition.model.context_value import parse_context_value
from gateway.composition.model.field_set import Selection, read_field_set
from gateway.composition.model.schema import Field, Schema


class ContextId(NamedTuple):
    """A context: the index of the subgraph that declares it, and its name there."""

    subgraph: int
    name: str


class ContextNeed(NamedTuple):
    """What one argument of a field takes from which context."""

    context: ContextId
    selections: tuple[Selection, ...]


class Contexts:
    """The contexts that any field of the subgraphs needs; others are not followed."""

    def __init__(self, context: MergeContext) -> None:
        self._supergraph = context.supergraph
        self._needs: dict[tuple[int, str], list[ContextNeed]] = {}
        self._setters: dict[str, list[ContextId]] = {}
        for index, subgraph in enumerate(context.subgraphs):
            if any(each.has("context") for each in subgraph.schema.types.values()):
                self._read(index, subgraph.schema)

    def _read(self, index: int, schema: Schema) -> None:
        for field in all_fields(schema):
            if needs := list(_needs(index, field)):
                self._needs[index, field.coordinate] = needs
        needed = {each.context.name for needs in self._needs.values() for each in needs}
        for owner in schema.types.values():
            for application in owner.applied("context"):
                name = str(application.arguments.get("name"))
                if name in needed:
                    for each in self._possible_types(owner.name):
                        self._setters.setdefault(each, []).append(ContextId(index, name))

    def _possible_types(self, name: str) -> list[str]:
        found = self._supergraph.types.get(name)
        return self._supergraph.possible_types(name) if found is not None else []

    def needed_by(self, subgraph: int, field: Field) -> list[ContextNeed]:
        return self._needs.get((subgraph, field.coordinate), []) if self._needs else []

    def set_by(self, name: str) -> list[ContextId]:
        """The contexts that an object type sets, itself or by an interface or union that it belongs to."""
        return self._setters.get(name, [])


def _needs(index: int, field: Field) -> Iterator[ContextNeed]:
    for argument in field.arguments.values():
        for application in argument.applied("fromContext"):
            value = parse_context_value(application.arguments.get("field"))
            if value is not None:
                yield ContextNeed(ContextId(index, value.context), read_field_set(value.selection))
