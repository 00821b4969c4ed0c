"""Ingests one subgraph: SDL text in, a completed typed model out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import GraphQLSyntaxError, parse
from graphql import language as ast

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.build import SchemaBuilder
from gateway.composition.ingest.completion import complete
from gateway.composition.ingest.federation import FederationFields
from gateway.composition.ingest.link import Links
from gateway.composition.ingest.link_reading import link_directive_name, read_links
from gateway.composition.ingest.roots import normalize_roots
from gateway.composition.model.schema import Application, Schema
from gateway.composition.result import SourceLocation, Subgraph


@dataclass(slots=True)
class SubgraphSchema:
    """A subgraph as composition works on it."""

    name: str
    url: str
    schema: Schema
    links: Links
    fields: FederationFields = field(init=False)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Read the federation directives again, after the schema changed."""
        self.fields = FederationFields(self.schema)

    @property
    def is_federation_2(self) -> bool:
        return self.links.is_federation_2


def ingest(subgraph: Subgraph, diagnostics: Diagnostics) -> SubgraphSchema | None:
    """Parse and build a subgraph; None where its SDL cannot be parsed at all, with an INVALID_GRAPHQL error."""
    document = _parse(subgraph, diagnostics)
    if document is None:
        return None
    on_schema = _schema_applications(subgraph.name, document)
    links = read_links(on_schema, diagnostics, subgraph.name)
    link_name = link_directive_name(on_schema)
    names = links.known_directives(_defined_directives(document)) | ({link_name: "link"} if link_name else {})
    names |= {name: name for name in _standard_directives(document) if links.source_of(name) is None}
    schema = SchemaBuilder(subgraph.name, names, diagnostics).add(document)
    complete(schema, links, link_name, diagnostics)
    normalize_roots(schema, diagnostics)
    return SubgraphSchema(name=subgraph.name, url=subgraph.url, schema=schema, links=links)


def _parse(subgraph: Subgraph, diagnostics: Diagnostics) -> ast.DocumentNode | None:
    try:
        return parse(subgraph.sdl)
    except GraphQLSyntaxError as error:
        places = [SourceLocation(subgraph.name, at.line, at.column) for at in error.locations or ()]
        diagnostics.error("INVALID_GRAPHQL", f"[{subgraph.name}] {error.message}", None, places)
    except RecursionError:
        place = SourceLocation(subgraph.name, 1, 1)
        diagnostics.error(
            "INVALID_GRAPHQL", f"[{subgraph.name}] The SDL is nested too deeply.", None, (place,)
        )
    return None


def _schema_applications(name: str, document: ast.DocumentNode) -> list[Application]:
    builder = SchemaBuilder(name, {}, Diagnostics())
    return [
        application
        for node in document.definitions
        if isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode)
        for application in builder.applications(node.directives)
    ]


def _standard_directives(document: ast.DocumentNode) -> Iterator[str]:
    """The directives that GraphQL itself defines; an own @oneOf of another shape means something else."""
    yield from ("deprecated", "specifiedBy")
    own = (each for each in document.definitions if isinstance(each, ast.DirectiveDefinitionNode))
    found = next((each for each in own if each.name.value == "oneOf"), None)
    if found is None or (
        not found.arguments and [each.value for each in found.locations] == ["INPUT_OBJECT"]
    ):
        yield "oneOf"


def _defined_directives(document: ast.DocumentNode) -> set[str]:
    return {node.name.value for node in document.definitions if isinstance(node, ast.DirectiveDefinitionNode)}
