"""Where planning stands: an object in the answer of one subgraph, and what can be read there directly."""

from typing import NamedTuple

from gateway.planning.field_sets import FieldSets
from gateway.planning.selection import Selection
from gateway.supergraph.query_graph import GraphField, QueryGraph


class Place(NamedTuple):
    """Objects of `type_name`, as `subgraph` declares it, whose real types are among `types`.

    `provided` are external selections that the subgraph answers here all the same (@provides). A subgraph of
    None is a root before any subgraph is chosen. `again` says that the objects are entered anew for whatever is
    asked of them, as deferred parts do.
    """

    subgraph: str | None
    type_name: str
    types: frozenset[str]
    provided: tuple[Selection, ...] = ()
    again: bool = False

    @property
    def at_hand(self) -> "Place":
        """The same objects, asked in the request that they are in."""
        return self._replace(again=False) if self.again else self


class Places:
    """Moves between places inside one subgraph."""

    def __init__(self, graph: QueryGraph, field_sets: FieldSets) -> None:
        self.graph = graph
        self.field_sets = field_sets
        self._key_fields: dict[str, frozenset[str]] = {}
        self._answered: dict[tuple[str, frozenset[str], str], bool] = {}

    def is_interface_object(self, place: Place) -> bool:
        return place.subgraph is not None and self.graph.is_interface_object(place.subgraph, place.type_name)

    def narrowed(self, place: Place, types: frozenset[str]) -> Place:
        """The place for only the objects of `types`; an interface object cannot tell them apart."""
        return place if self.is_interface_object(place) else place._replace(types=types)

    def field(self, place: Place, view: str, name: str) -> GraphField | None:
        """The field `name` of the type `view` where the subgraph answers it at `place` without more input."""
        if place.subgraph is None:
            return None
        field = self.graph.field(place.subgraph, view, name)
        if field is None or (field.external and not self._provided(place, view, name)):
            return None
        needs_input = field.requires or field.context_arguments
        return None if needs_input and not field.external else field

    def answers_all(self, place: Place, types: frozenset[str], name: str) -> bool:
        """Whether the subgraph answers the field at once for all of `types`, by what it declares alone."""
        if place.subgraph is None or place.again or self.is_interface_object(place):
            return False
        key = (place.subgraph, types, name)
        found = self._answered.get(key)
        if found is None:
            declared = (self.graph.field(place.subgraph, type_name, name) for type_name in types)
            found = all(
                field is not None and not (field.external or field.requires or field.context_arguments)
                for field in declared
            )
            found = self._answered.setdefault(key, found)
        return found

    def key_fields(self, type_name: str) -> frozenset[str]:
        """The names of the fields that keys of the type begin with, in any subgraph."""
        found = self._key_fields.get(type_name)
        if found is None:
            keys = (key for subgraph in self.graph.subgraphs for key in self.graph.keys(subgraph, type_name))
            names = (field.name for key in keys for field in self.field_sets.read(key.fields, type_name))
            found = self._key_fields.setdefault(type_name, frozenset(names))
        return found

    def inside(self, place: Place, view: str, field: GraphField, name: str) -> Place:
        """The place that the field leads to."""
        assert place.subgraph is not None
        type_name = field.type.name
        provided = tuple(inner for found in self._provided(place, view, name) for inner in found.selections)
        if field.provides:
            provided += self.field_sets.read(field.provides, type_name)
        return Place(
            place.subgraph, type_name, self.graph.possible_types_in(place.subgraph, type_name), provided
        )

    def _provided(self, place: Place, view: str, name: str) -> list[Selection]:
        return [
            found
            for found in place.provided
            if found.name == name and (view in found.types or found.types >= place.types)
        ]
