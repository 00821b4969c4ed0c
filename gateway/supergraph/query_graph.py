"""The query graph: which subgraph resolves which field, and which entities can be entered by which keys.

A node is a type as one subgraph declares it. Fields lead from node to node inside a subgraph; keys lead from a
type in one subgraph to the same type, or to an interface that it implements, in another. The graph holds for
one set of override labels. Nodes are computed when they are first asked for and kept.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.supergraph.model import ContextArgument, JoinField, JoinKey, SupergraphType, TypeReference
from gateway.supergraph.supergraph import Supergraph


class GraphField(Struct, frozen=True):
    """A field as one subgraph declares it. It answers for an external one only where another provides it."""

    type: TypeReference
    external: bool
    requires: str | None
    provides: str | None
    context_arguments: tuple[ContextArgument, ...]


_NO_TYPES: frozenset[str] = frozenset()


class QueryGraph:
    """Answers questions about one supergraph under one set of override labels."""

    def __init__(self, supergraph: Supergraph, override_labels: frozenset[str] = frozenset()) -> None:
        self.types: Mapping[str, SupergraphType] = supergraph.types
        self.subgraphs: tuple[str, ...] = tuple(supergraph.subgraphs)
        self.roots: Mapping[str, str] = supergraph.roots
        self._root_types = {type_name: kind for kind, type_name in supergraph.roots.items()}
        self._labels = override_labels
        self._fields: dict[tuple[str, str, str], GraphField | None] = {}
        self._possible = {
            type_.name: self._possible_types(type_, None) for type_ in supergraph.types.values()
        }
        self._possible_in: dict[tuple[str, str], frozenset[str]] = {}
        self._setters: dict[str, dict[str, frozenset[str]]] = {}
        for type_ in supergraph.types.values():
            for context in type_.contexts:
                self._setters.setdefault(context, {})[type_.name] = self._possible[type_.name]

    def root_kind(self, type_name: str) -> str | None:
        """`query`, `mutation` or `subscription` for a root type."""
        return self._root_types.get(type_name)

    def declares(self, subgraph: str, type_name: str) -> bool:
        return subgraph in self.types[type_name].joins

    def is_abstract(self, type_name: str) -> bool:
        return self.types[type_name].kind in ("INTERFACE", "UNION")

    def is_composite(self, type_name: str) -> bool:
        type_ = self.types.get(type_name)
        return type_ is not None and type_.kind in ("OBJECT", "INTERFACE", "UNION")

    def is_interface_object(self, subgraph: str, type_name: str) -> bool:
        join = self.types[type_name].joins.get(subgraph)
        return join is not None and join.interface_object

    def has_interface_object(self, type_name: str) -> bool:
        """Whether any subgraph declares the interface as an object."""
        return any(join.interface_object for join in self.types[type_name].joins.values())

    def keys(self, subgraph: str, type_name: str) -> Iterator[JoinKey]:
        """The keys by which entities of the type can be asked of the subgraph."""
        join = self.types[type_name].joins.get(subgraph)
        return (key for key in (join.keys if join else ()) if key.resolvable)

    def possible_types(self, type_name: str) -> frozenset[str]:
        """The object types of a composite type in the whole supergraph."""
        return self._possible[type_name]

    def possible_types_in(self, subgraph: str, type_name: str) -> frozenset[str]:
        """The object types that an object of the type can have when the subgraph answers it."""
        key = (subgraph, type_name)
        found = self._possible_in.get(key)
        if found is None:
            in_all = self.is_interface_object(subgraph, type_name)
            found = self._possible_types(self.types[type_name], None if in_all else subgraph)
            self._possible_in[key] = found
        return found

    def context_setters(self, context: str) -> Mapping[str, frozenset[str]]:
        """The types that set a context (@context), each with its object types."""
        return self._setters.get(context, {})

    def interfaces(self, type_name: str) -> frozenset[str]:
        return self.types[type_name].all_interfaces

    def field(self, subgraph: str, type_name: str, name: str) -> GraphField | None:
        """The field as the subgraph declares it, None where it does not."""
        key = (subgraph, type_name, name)
        try:
            return self._fields[key]
        except KeyError:
            return self._fields.setdefault(key, self._field(subgraph, type_name, name))

    def field_type(self, type_name: str, name: str) -> TypeReference:
        return self.types[type_name].fields[name].type

    def _field(self, subgraph: str, type_name: str, name: str) -> GraphField | None:
        field = self.types[type_name].fields.get(name)
        join: JoinField | None = field.joins.get(subgraph) if field else None
        if field is None or join is None:
            return None
        return GraphField(
            type=join.type or field.type,
            external=not join.resolves(self._labels),
            requires=join.requires,
            provides=join.provides,
            context_arguments=join.context_arguments,
        )

    def _possible_types(self, type_: SupergraphType, subgraph: str | None) -> frozenset[str]:
        match type_.kind:
            case "OBJECT":
                return frozenset((type_.name,))
            case "UNION":
                if subgraph is None:
                    return type_.all_members
                members = type_.members.get(subgraph, _NO_TYPES)
                return frozenset(member for member in members if self.declares(subgraph, member))
            case "INTERFACE":
                return frozenset(
                    other.name
                    for other in self.types.values()
                    if other.kind == "OBJECT" and type_.name in _interfaces(other, subgraph)
                )
        return _NO_TYPES


def _interfaces(type_: SupergraphType, subgraph: str | None) -> frozenset[str]:
    return type_.all_interfaces if subgraph is None else type_.interfaces.get(subgraph, _NO_TYPES)
