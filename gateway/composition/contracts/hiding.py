"""Hides elements of a supergraph: `@inaccessible` on them, and its specification linked."""

from gateway.composition.ingest.completion import specified_definition
from gateway.composition.ingest.link import Links
from gateway.composition.ingest.specifications import APOLLO, directive_definition
from gateway.composition.model.schema import Application, Element, Schema
from gateway.composition.model.value import EnumLiteral

_CORE = "inaccessible"


def define_inaccessible(supergraph: Schema, links: Links) -> None:
    """Link and define `@inaccessible` unless the supergraph has it."""
    if f"{APOLLO}/{_CORE}" in links.by_identity:
        return
    link = {"url": f"{APOLLO}/{_CORE}/v0.2", "for": EnumLiteral("SECURITY")}
    supergraph.applications.append(Application("link", link))
    supergraph.directives[_CORE] = specified_definition(_CORE, _CORE, directive_definition(_CORE))


def hide(supergraph: Schema, element: Element) -> None:
    if not element.has(_CORE):
        name = next(each.name for each in supergraph.directives.values() if each.core == _CORE)
        element.applications.insert(0, Application(name, {}, _CORE))


def is_hidden(element: Element) -> bool:
    return element.has(_CORE)
