"""Reads a supergraph's SDL back into the model, its specifications told apart from what clients may see."""

from graphql import GraphQLSyntaxError, parse

from gateway.composition.contracts.hiding import define_inaccessible
from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.build import SchemaBuilder
from gateway.composition.ingest.link import Link, Links
from gateway.composition.ingest.link_reading import read_links
from gateway.composition.ingest.specifications import APOLLO
from gateway.composition.model.schema import Schema
from gateway.composition.result import SourceLocation

SUPERGRAPH = "supergraph"
"""What stands for a subgraph's name in the places of errors."""

_STANDARD = ("deprecated", "specifiedBy", "oneOf")


def read_supergraph(sdl: str, diagnostics: Diagnostics) -> Schema | None:
    """The supergraph's model, with `@inaccessible` defined; None, with an error, where the SDL is not a supergraph."""
    try:
        document = parse(sdl)
    except GraphQLSyntaxError as error:
        places = [SourceLocation(SUPERGRAPH, at.line, at.column) for at in error.locations or ()]
        diagnostics.error("INVALID_GRAPHQL", error.message, None, places)
        return None
    except RecursionError:
        diagnostics.error("INVALID_GRAPHQL", "The SDL is nested too deeply.")
        return None
    links = read_links(
        SchemaBuilder(SUPERGRAPH, {}, Diagnostics()).add(document).applications, diagnostics, SUPERGRAPH
    )
    if f"{APOLLO}/join" not in links.by_identity:
        message = f"This is not a supergraph: its schema does not link {APOLLO}/join."
        diagnostics.error("INVALID_FEDERATION_SUPERGRAPH", message, "schema")
        return None
    names = links.known_directives(set()) | {name: name for name in _STANDARD}
    schema = SchemaBuilder(SUPERGRAPH, names, diagnostics).add(document)
    _mark_machinery(schema, links)
    define_inaccessible(schema, links)
    return schema


def _mark_machinery(schema: Schema, links: Links) -> None:
    """What the linked specifications define never reaches the API."""
    for link in links.by_identity.values():
        schema.machinery |= {name for name in schema.types if _is_of(link, name)}
    schema.machinery |= {
        f"@{name}"
        for name in schema.directives
        if links.source_of(name) is not None and name not in _STANDARD
    }


def _is_of(link: Link, type_name: str) -> bool:
    return type_name.startswith(f"{link.namespace}__") or type_name in link.imports.values()
