"""The query graph that satisfiability walks: what each subgraph resolves of a type, and by which keys one enters it.

A vertex is an object as one subgraph knows it: by its own type or, in a subgraph that has only the interface as an
`@interfaceObject`, by that. `provides` is what the path that led there provides beyond what the subgraph resolves.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple, TypeAlias

from gateway.composition.merge.context import MergeContext
from gateway.composition.merge.overrides import Overrides
from gateway.composition.model.field_set import FieldSelection, Selection, read_field_set, selected_fields
from gateway.composition.model.schema import Field, Kind, Type
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.contexts import ContextId, Contexts


class Vertex(NamedTuple):
    """An object in a subgraph; `type` is the name of its type there, `contexts` are set on the path to it."""

    subgraph: int
    type: str
    provides: tuple[Selection, ...] = ()
    contexts: "frozenset[SetContext]" = frozenset()


class SetContext(NamedTuple):
    """A context, and the object that set it: of type `type`, at a vertex."""

    context: ContextId
    type: str
    vertex: Vertex


Labels: TypeAlias = frozenset[tuple[str, bool]]


class QueryGraph:
    """The graph of one merged supergraph. Labels of progressive overrides, on or off, are those that a path decided."""

    def __init__(self, context: MergeContext) -> None:
        self.context = context
        self.supergraph = context.supergraph
        self.contexts = Contexts(context)
        self._candidates: dict[str, list[Vertex]] = {}
        self._keys: dict[tuple[int, str], list[tuple[Selection, ...]]] = {}
        self._possible: dict[tuple[int, str], frozenset[str]] = {}

    def type(self, vertex: Vertex) -> Type:
        return self.context.subgraphs[vertex.subgraph].schema.types[vertex.type]

    def field(self, vertex: Vertex, name: str) -> Field | None:
        return self.type(vertex).fields.get(name)

    def decisions(self, field: Field, decided: Labels) -> list[Labels]:
        """Every way to decide the labels of a supergraph's field that a path has not decided yet."""
        overrides = self._overrides(field)
        if overrides is None:
            return [decided]
        known = {label for label, _ in decided}
        undecided = sorted(set(overrides.labels.values()) - known)
        choices = product((False, True), repeat=len(undecided))
        return [decided.union(zip(undecided, choice, strict=True)) for choice in choices]

    def is_overridden(self, vertex: Vertex, field: Field, labels: Labels) -> bool:
        """Whether the field has moved to or from another subgraph; its labels are decided."""
        overrides = self._overrides(field)
        if overrides is None:
            return False
        label = overrides.labels.get(vertex.subgraph)
        if label is None:
            return vertex.subgraph in overrides.overridden
        return ((label, True) in labels) != (vertex.subgraph in overrides.sources)

    def is_labelled(self, vertex: Vertex, field: Field) -> bool:
        overrides = self._overrides(field)
        return overrides is not None and vertex.subgraph in overrides.labels

    def _overrides(self, field: Field) -> Overrides | None:
        overrides = self.context.overrides
        return overrides.get(field.coordinate) if overrides else None

    def is_external(self, vertex: Vertex, field: Field) -> bool:
        """External in the subgraph, and not provided by the path."""
        if not self.context.subgraphs[vertex.subgraph].fields.is_external(field):
            return False
        return not any(each.name == field.name for each in self._provided(vertex, vertex.provides))

    def _provided(self, vertex: Vertex, selections: Iterable[Selection]) -> Iterator[FieldSelection]:
        for selection in selections:
            if isinstance(selection, FieldSelection):
                yield selection
            elif selection.type_condition is None or self.is_a(vertex.type, selection.type_condition):
                yield from self._provided(vertex, selection.selections)

    def is_a(self, name: str, condition: str) -> bool:
        """Whether an object type of the supergraph satisfies a type condition."""
        if name == condition:
            return True
        found = self.supergraph.types.get(condition)
        return found is not None and name in self.supergraph.possible_types(condition)

    def follow(self, vertex: Vertex, field: Field, contexts: "frozenset[SetContext]" = frozenset()) -> Vertex:
        """The vertex of a field's value, of the type that the subgraph declares: it may be abstract."""
        provided = [
            each.selections for each in self._provided(vertex, vertex.provides) if each.name == field.name
        ]
        own = [
            read_field_set(application.arguments.get("fields")) for application in field.applied("provides")
        ]
        selections = dict.fromkeys(selection for group in (*provided, *own) for selection in group)
        return Vertex(vertex.subgraph, named_type(field.type), tuple(selections), contexts)

    def contexts_from(self, name: str, vertex: Vertex) -> "frozenset[SetContext]":
        """The contexts of what is taken from an object of type `name` at a vertex."""
        found = self.contexts.set_by(name)
        if not found:
            return vertex.contexts
        kept = [each for each in vertex.contexts if each.context not in found]
        origin = vertex._replace(contexts=frozenset())
        return frozenset([*kept, *(SetContext(each, name, origin) for each in found)])

    def has_local_key(self, vertex: Vertex) -> bool:
        """Whether the subgraph itself resolves all fields of some key of the type."""
        subgraph = self.context.subgraphs[vertex.subgraph]
        selections = (
            selected_fields(subgraph.schema, vertex.type, key.arguments.get("fields"))
            for key in self.type(vertex).applied("key")
        )
        return any(
            not any(subgraph.fields.is_external(each.field) for each in selected) for selected in selections
        )

    def possible_types(self, vertex: Vertex) -> frozenset[str]:
        """The object types that the vertex's value may have at run time."""
        key = (vertex.subgraph, vertex.type)
        found = self._possible.get(key)
        if found is None:
            schema = self.context.subgraphs[vertex.subgraph].schema
            source = self.supergraph if self.type(vertex).is_interface_object else schema
            found = self._possible[key] = frozenset(source.possible_types(vertex.type))
        return found

    def narrow(self, vertex: Vertex, name: str) -> Vertex:
        """The vertex of a value that is known to be of an object type."""
        if self.type(vertex).is_interface_object:
            return vertex
        return vertex._replace(type=name)

    def knows_type(self, vertex: Vertex) -> bool:
        """Whether the subgraph can tell the run-time type, which an `@interfaceObject` cannot."""
        return not self.type(vertex).is_interface_object

    def candidates(self, name: str) -> list[Vertex]:
        """Every vertex at which an object of the type could be entered."""
        found = self._candidates.get(name)
        if found is None:
            names = (name, *self.supergraph.types[name].interfaces)
            found = self._candidates[name] = [
                Vertex(index, each)
                for index, subgraph in enumerate(self.context.subgraphs)
                for each in names
                if each in subgraph.schema.types
                and (each == name or subgraph.schema.types[each].is_interface_object)
            ]
        return found

    def keys(self, subgraph: int, name: str) -> list[tuple[Selection, ...]]:
        """The resolvable keys of a type in a subgraph."""
        found = self._keys.get((subgraph, name))
        if found is None:
            owner = self.context.subgraphs[subgraph].schema.types.get(name)
            keys = owner.applied("key") if owner else ()
            resolvable = (key for key in keys if key.arguments.get("resolvable", True))
            found = self._keys[subgraph, name] = [
                read_field_set(key.arguments.get("fields")) for key in resolvable
            ]
        return found

    def entry_keys(self, target: Vertex, name: str, *, typed: bool) -> list[tuple[Selection, ...]]:
        """The keys by which `target` is entered for an object of type `name`.

        An object whose type is not known yet can only be entered by a key of one of its interfaces.
        """
        if typed or not self.knows_type(target):
            return self.keys(target.subgraph, target.type)
        interfaces = self.supergraph.types[name].interfaces
        schema = self.context.subgraphs[target.subgraph].schema
        real = (
            each for each in interfaces if each in schema.types and schema.types[each].kind is Kind.INTERFACE
        )
        return [key for each in real for key in self.keys(target.subgraph, each)]
