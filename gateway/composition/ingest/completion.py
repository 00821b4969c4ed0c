"""Completes a subgraph's model with what its specifications define, and takes the federation machinery out of it.

Definitions that the subgraph wrote itself are kept, after a check that they agree with the specification.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from graphql import parse

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.build import SchemaBuilder
from gateway.composition.ingest.definition_check import check_directive, check_scalar
from gateway.composition.ingest.link import Links
from gateway.composition.ingest.specifications import (
    FEDERATION,
    SPECIFICATIONS,
    directive_definition,
    federation_directives,
    federation_scalars,
)
from gateway.composition.model.coercion import coerced
from gateway.composition.model.schema import BUILT_IN_SCALARS, DirectiveDefinition, Kind, Schema, Type

LINK_DEFINITION = "(url: String, as: String, for: {ns}Purpose, import: [{ns}Import]) repeatable on SCHEMA"
CORE_DEFINITION = "(feature: String!, as: String, for: {ns}Purpose) repeatable on SCHEMA"
BUILT_IN_DIRECTIVES = {
    "skip": "(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT",
    "include": "(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT",
    "deprecated": '(reason: String = "No longer supported")'
    " on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE",
    "specifiedBy": "(url: String!) on SCALAR",
    "oneOf": "on INPUT_OBJECT",
    "defer": "(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT",
    "stream": "(label: String, initialCount: Int = 0, if: Boolean! = true) on FIELD",
}
_TYPE = re.compile(r"\{ns\}(\w+)")
_TAKING_LISTS = frozenset(("requiresScopes", "policy", "listSize"))
_ENTITY_TYPES = ("_Entity", "_Any", "_Service")
_ENTITY_FIELDS = ("_entities", "_service")


def localized(definition: str, type_name: Callable[[str], str]) -> str:
    """A definition with the types of its specification under their local names."""
    return _TYPE.sub(lambda matched: type_name(matched[1]), definition)


@cache
def specified_definition(local: str, core: str, definition: str) -> DirectiveDefinition:
    """A specified directive under its local name, its types already named. Shared: not to be changed."""
    sdl = f"directive @{local} {definition}"
    builder = SchemaBuilder("", {local: core}, Diagnostics())
    return builder.add(parse(sdl, no_location=True)).directives[local]


def complete(schema: Schema, links: Links, link_name: str | None, diagnostics: Diagnostics) -> None:
    """Add every definition that the schema's specifications bring, and mark those types as machinery."""
    _remove_entity_machinery(schema)
    _add_scalars(schema, BUILT_IN_SCALARS, diagnostics)
    for name, definition in BUILT_IN_DIRECTIVES.items():
        schema.directives.setdefault(name, _built_in(name, definition))
    _add_link(schema, links, link_name, diagnostics)
    _add_federation(schema, links, diagnostics)
    for identity, specification in SPECIFICATIONS.items():
        if link := links.by_identity.get(identity):
            _add_scalars(schema, [link.type(name) for name in specification.scalars], diagnostics)
            for name in specification.directives:
                definition = localized(directive_definition(name), link.type)
                _add_directive(schema, link.directive(name), name, definition, diagnostics)
    _coerce_arguments(schema)
    schema.types.setdefault(
        schema.roots.setdefault("query", "Query"), Type(name=schema.roots["query"], kind=Kind.OBJECT)
    )


def _coerce_arguments(schema: Schema) -> None:
    """Put single values of list arguments into lists, so that every rule may read lists."""
    for element in schema.elements():
        for application in element.applications:
            definition = schema.directives.get(application.name)
            if application.core not in _TAKING_LISTS or definition is None:
                continue
            for name, argument in definition.arguments.items():
                if name in application.arguments:
                    application.arguments[name] = coerced(application.arguments[name], argument.type)


def _remove_entity_machinery(schema: Schema) -> None:
    for name in _ENTITY_TYPES:
        schema.types.pop(name, None)
    query = schema.types.get(schema.roots.get("query", "Query"))
    if query is not None:
        query.fields = {name: field for name, field in query.fields.items() if name not in _ENTITY_FIELDS}


def _built_in(name: str, definition: str) -> DirectiveDefinition:
    return replace(specified_definition(name, name, definition), built_in=True)


def _add_link(schema: Schema, links: Links, link_name: str | None, diagnostics: Diagnostics) -> None:
    if link_name is None:
        return
    found = next(
        (link for link in links.by_identity.values() if link.identity.endswith(("/link", "/core"))), None
    )
    is_core = found is not None and found.identity.endswith("/core")
    definition = CORE_DEFINITION if is_core else LINK_DEFINITION
    type_name = found.type if found else f"{link_name}__{{}}".format
    _add_directive(schema, link_name, "link", localized(definition, type_name), diagnostics)
    _add_scalars(schema, [type_name("Import")], diagnostics)
    purpose = type_name("Purpose")
    schema.types.setdefault(purpose, Type(name=purpose, kind=Kind.ENUM))
    schema.machinery.add(purpose)


def _add_federation(schema: Schema, links: Links, diagnostics: Diagnostics) -> None:
    link = links.by_identity.get(FEDERATION)
    if link is None:
        for name, definition in federation_directives((1, 0)).items():
            _add_directive(schema, name, name, localized(definition, "_{}".format), diagnostics)
        return
    _add_scalars(schema, [link.type(name) for name in federation_scalars(link.version)], diagnostics)
    for name, definition in federation_directives(link.version).items():
        _add_directive(schema, link.directive(name), name, localized(definition, link.type), diagnostics)


def _add_scalars(schema: Schema, names: list[str] | tuple[str, ...], diagnostics: Diagnostics) -> None:
    for name in names:
        schema.machinery.add(name)
        written = schema.types.setdefault(name, Type(name=name, kind=Kind.SCALAR))
        check_scalar(schema, written, diagnostics)


def _add_directive(schema: Schema, local: str, core: str, definition: str, diagnostics: Diagnostics) -> None:
    specified = specified_definition(local, core, definition)
    written = schema.directives.get(local)
    if written is None:
        schema.directives[local] = specified
        return
    written.core = core
    if core == "link":
        return
    check_directive(schema, written, specified, diagnostics)
