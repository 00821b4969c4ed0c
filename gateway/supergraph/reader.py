"""Reads the join directives of a supergraph SDL into the model (join specification v0.2 to v0.5)."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    print_ast,
)

from gateway.supergraph.directives import applied, argument_values, flag_of, text_of
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.links import Links
from gateway.supergraph.model import (
    ContextArgument,
    JoinField,
    JoinKey,
    JoinType,
    Kind,
    SubgraphInfo,
    SupergraphField,
    SupergraphType,
    TypeReference,
)

_KINDS: dict[type[TypeDefinitionNode], Kind] = {
    ObjectTypeDefinitionNode: "OBJECT",
    InterfaceTypeDefinitionNode: "INTERFACE",
    UnionTypeDefinitionNode: "UNION",
    EnumTypeDefinitionNode: "ENUM",
    ScalarTypeDefinitionNode: "SCALAR",
    InputObjectTypeDefinitionNode: "INPUT_OBJECT",
}


class SupergraphReader:
    """Reads the definitions of one document."""

    def __init__(self, document: DocumentNode, links: Links) -> None:
        self._document = document
        self._join = links.by_name["join"]
        self._links = links
        self._directives = {name: self._join.directive(name) for name in _DIRECTIVES}
        self._names: dict[str, str] = {}

    def subgraphs(self) -> dict[str, SubgraphInfo]:
        """The subgraphs by name, from the enum `join__Graph`."""
        graph_enum = self._join.type("Graph")
        found: dict[str, SubgraphInfo] = {}
        for definition in self._document.definitions:
            if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == graph_enum:
                for value in definition.values or ():
                    for directive in applied(value.directives, self._directives["graph"]):
                        arguments = argument_values(directive)
                        name = text_of(arguments.get("name")) or value.name.value
                        url = text_of(arguments.get("url")) or ""
                        found[name] = SubgraphInfo(name, url, value.name.value)
        if not found:
            raise SupergraphError("INVALID_FEDERATION_SUPERGRAPH", f"The enum {graph_enum} names no subgraph")
        self._names = {subgraph.graph: subgraph.name for subgraph in found.values()}
        return found

    def types(self) -> dict[str, SupergraphType]:
        """The types by name, without those of linked specifications. Call `subgraphs` before."""
        return {
            definition.name.value: self._type(definition)
            for definition in self._document.definitions
            if isinstance(definition, TypeDefinitionNode) and not self._links.owns(definition.name.value)
        }

    def _type(self, node: TypeDefinitionNode) -> SupergraphType:
        joins = self._joins(node)
        interfaces = getattr(node, "interfaces", None) or ()
        members = node.types or () if isinstance(node, UnionTypeDefinitionNode) else ()
        all_interfaces = frozenset(interface.name.value for interface in interfaces)
        all_members = frozenset(member.name.value for member in members)
        return SupergraphType(
            name=node.name.value,
            kind=_KINDS[type(node)],
            joins=joins,
            fields=self._fields(node, joins),
            interfaces=self._by_graph(node, "implements", "interface", joins, all_interfaces),
            members=self._by_graph(node, "unionMember", "member", joins, all_members),
            values=self._values(node, joins),
            all_interfaces=all_interfaces,
            all_members=all_members,
            contexts=frozenset(self._contexts(node)),
        )

    def _contexts(self, node: TypeDefinitionNode) -> Iterator[str]:
        for directive in applied(node.directives, self._links.directive("context")):
            if name := text_of(argument_values(directive).get("name")):
                yield name

    def _joins(self, node: TypeDefinitionNode) -> dict[str, JoinType]:
        keys: dict[str, list[JoinKey]] = {}
        interface_objects: set[str] = set()
        for directive in applied(node.directives, self._directives["type"]):
            arguments = argument_values(directive)
            graph = self._graph(directive)
            graph_keys = keys.setdefault(graph, [])
            if fields := text_of(arguments.get("key")):
                graph_keys.append(JoinKey(fields, flag_of(arguments.get("resolvable"), default=True)))
            if flag_of(arguments.get("isInterfaceObject"), default=False):
                interface_objects.add(graph)
        if not keys:
            keys = {name: [] for name in self._names.values()}
        return {graph: JoinType(tuple(found), graph in interface_objects) for graph, found in keys.items()}

    def _graph(self, directive: DirectiveNode) -> str:
        value = text_of(argument_values(directive).get("graph"))
        try:
            return self._names[value or ""]
        except KeyError:
            raise SupergraphError.at(
                "INVALID_FEDERATION_SUPERGRAPH",
                f"@{directive.name.value} names the unknown graph {value}",
                directive,
            ) from None

    def _by_graph(
        self,
        node: TypeDefinitionNode,
        directive_name: str,
        argument: str,
        joins: Mapping[str, JoinType],
        everything: frozenset[str],
    ) -> dict[str, frozenset[str]]:
        """What each graph says by a repeated directive; without any, each graph has all."""
        found: dict[str, set[str]] = {}
        for directive in applied(node.directives, self._directives[directive_name]):
            value = text_of(argument_values(directive).get(argument))
            if value is not None:
                found.setdefault(self._graph(directive), set()).add(value)
        if not found:
            return dict.fromkeys(joins, everything)
        return {graph: frozenset(found.get(graph, ())) for graph in joins}

    def _values(self, node: TypeDefinitionNode, joins: Mapping[str, JoinType]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {graph: set() for graph in joins}
        for value in node.values or () if isinstance(node, EnumTypeDefinitionNode) else ():
            directives = list(applied(value.directives, self._directives["enumValue"]))
            for graph in map(self._graph, directives) if directives else joins:
                found.setdefault(graph, set()).add(value.name.value)
        return {graph: frozenset(values) for graph, values in found.items()}

    def _fields(self, node: TypeDefinitionNode, joins: Mapping[str, JoinType]) -> dict[str, SupergraphField]:
        if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            return {}
        return {
            field.name.value: SupergraphField(
                field.name.value, type_reference(field.type), dict(self._field_joins(field, joins))
            )
            for field in node.fields or ()
        }

    def _field_joins(
        self, field: FieldDefinitionNode, joins: Mapping[str, JoinType]
    ) -> Iterable[tuple[str, JoinField]]:
        directives = list(applied(field.directives, self._directives["field"]))
        if not directives:
            yield from ((graph, _PLAIN) for graph in joins)
        for directive in directives:
            if "graph" in argument_values(directive):
                yield self._graph(directive), _read_field(directive)


_DIRECTIVES = ("graph", "type", "field", "implements", "unionMember", "enumValue")
_PLAIN = JoinField()


def type_reference(node: TypeNode) -> TypeReference:
    return TypeReference.parse(print_ast(node))


def _read_field(directive: DirectiveNode) -> JoinField:
    arguments = argument_values(directive)
    type_text = text_of(arguments.get("type"))
    return JoinField(
        requires=text_of(arguments.get("requires")),
        provides=text_of(arguments.get("provides")),
        type=TypeReference.parse(type_text) if type_text else None,
        external=flag_of(arguments.get("external"), default=False),
        override=text_of(arguments.get("override")),
        override_label=text_of(arguments.get("overrideLabel")),
        used_overridden=flag_of(arguments.get("usedOverridden"), default=False),
        context_arguments=tuple(_context_arguments(arguments.get("contextArguments"))),
    )


def _context_arguments(value: object) -> Iterator[ContextArgument]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        if isinstance(item, ObjectValueNode):
            members = {field.name.value: text_of(field.value) or "" for field in item.fields}
            yield ContextArgument(
                members.get("name", ""),
                members.get("type", ""),
                members.get("context", ""),
                members.get("selection", ""),
            )
