"""Adds the join and link specifications' own definitions to a supergraph (https://specs.apollo.dev/join).

The join version follows the highest federation version that a subgraph links: v0.3 before 2.7, v0.4 for 2.7, then v0.5.
"""

from collections.abc import Iterable

from graphql import parse

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.build import SchemaBuilder
from gateway.composition.ingest.specifications import APOLLO, Version
from gateway.composition.model.schema import Application, EnumValue, Kind, Schema, Type
from gateway.composition.model.value import EnumLiteral

_BASE = """
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)
  repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
scalar link__Import
enum link__Purpose {
  "`SECURITY` features provide metadata necessary to securely resolve fields."
  SECURITY
  "`EXECUTION` features provide metadata necessary for operation execution."
  EXECUTION
}
scalar join__FieldSet
enum join__Graph
"""
_FIELD = """
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean%s) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
"""
_SINCE_4 = """
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)
  repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
scalar join__DirectiveArguments
"""
_SINCE_5 = """
input join__ContextArgument { name: String!  type: String!  context: String!  selection: join__FieldValue! }
scalar join__FieldValue
"""


def join_version(federation: Version) -> Version:
    """The join specification that goes with a federation version."""
    if federation < (2, 7):
        return (0, 3)
    return (0, 4) if federation < (2, 8) else (0, 5)


def add_join_specification(
    supergraph: Schema, federation: Version, graphs: Iterable[tuple[EnumLiteral, str, str]]
) -> None:
    """Define and link the specification; `graphs` gives each subgraph's enum value, name and URL."""
    version = join_version(federation)
    sdl = _BASE + _FIELD % _later_arguments(version)
    sdl += (_SINCE_4 if version >= (0, 4) else "") + (_SINCE_5 if version >= (0, 5) else "")
    built = SchemaBuilder("", {}, Diagnostics()).add(parse(sdl, no_location=True))
    supergraph.directives |= built.directives
    supergraph.types |= built.types
    supergraph.types["join__Graph"] = Type(name="join__Graph", kind=Kind.ENUM)
    for value, name, url in graphs:
        graph = EnumValue(name=value.name, coordinate=f"join__Graph.{value.name}")
        graph.applications.append(Application("join__graph", {"name": name, "url": url}))
        supergraph.types["join__Graph"].values[value.name] = graph
    supergraph.applications[:0] = [
        Application("link", {"url": f"{APOLLO}/link/v1.0"}),
        Application(
            "link", {"url": f"{APOLLO}/join/v{version[0]}.{version[1]}", "for": EnumLiteral("EXECUTION")}
        ),
    ]


def _later_arguments(version: Version) -> str:
    label = ", overrideLabel: String" if version >= (0, 4) else ""
    contextual = ", contextArguments: [join__ContextArgument!]" if version >= (0, 5) else ""
    return label + contextual
