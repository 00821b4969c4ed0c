"""`@composeDirective`: custom directives that reach the supergraph, with the specification they come from.

The definition is taken from the subgraph that links the highest version; major versions must agree.
"""

from typing import Any, NamedTuple

from gateway.composition.ingest.link import Link
from gateway.composition.ingest.specifications import APOLLO
from gateway.composition.merge.compose_directive_hints import hint_at_names, hint_at_versions
from gateway.composition.merge.context import MergeContext
from gateway.composition.model.schema import Application, DirectiveDefinition, Type
from gateway.composition.model.typeref import named_type
from gateway.composition.model.value import EnumLiteral
from gateway.composition.result import SourceLocation


class Composed(NamedTuple):
    """A directive that one subgraph asks to compose."""

    subgraph: int
    local: str
    specified: str
    link: Link
    definition: DirectiveDefinition


def add_composed_directives(context: MergeContext) -> None:
    """Report DIRECTIVE_COMPOSITION_ERROR where the subgraphs do not mean the same directive."""
    requested = [found for index in range(len(context.subgraphs)) for found in _requests(context, index)]
    if not _agree(context, requested):
        return
    hint_at_versions(context)
    hint_at_names(
        context, list(dict.fromkeys((each.link.identity, each.specified, each.local) for each in requested))
    )
    links: dict[str, list[Composed]] = {}
    for each in requested:
        links.setdefault(each.link.identity, []).append(each)
    for group in links.values():
        _add_specification(context, group)


def _requests(context: MergeContext, index: int) -> list[Composed]:
    found = []
    for application in context.subgraphs[index].schema.applied("composeDirective"):
        problem = _read(context, index, application)
        if isinstance(problem, str):
            context.diagnostics.error(
                "DIRECTIVE_COMPOSITION_ERROR", problem, "schema", [application.location]
            )
        elif problem is not None:
            found.append(problem)
    return found


def _read(context: MergeContext, index: int, application: Application) -> Composed | str | None:
    subgraph = context.subgraphs[index]
    name = application.arguments.get("name")
    where = f'in subgraph "{subgraph.name}"'
    if not isinstance(name, str) or not name:
        return f"Argument to @composeDirective {where} cannot be NULL or an empty String"
    if not name.startswith("@"):
        return f'Argument to @composeDirective "{name}" {where} must have a leading "@"'
    definition = subgraph.schema.directives.get(name[1:])
    if definition is None:
        return f'Could not find matching directive definition for argument to @composeDirective "{name}" {where}.'
    source = subgraph.links.source_of(name[1:])
    if source is None:
        return f'Directive "{name}" {where} cannot be composed because it is not a member of a core feature'
    if source[0].identity.startswith(f"{APOLLO}/"):
        return _of_apollo(context, name, definition, application, where)
    return Composed(index, name[1:], source[1], source[0], definition)


def _of_apollo(
    context: MergeContext, name: str, definition: DirectiveDefinition, application: Application, where: str
) -> str | None:
    if definition.core in {
        "tag",
        "inaccessible",
        "authenticated",
        "requiresScopes",
        "policy",
        "cost",
        "listSize",
    }:
        message = f'Directive "{name}" should not be explicitly manually composed: it always is.'
        context.diagnostics.hint("DIRECTIVE_COMPOSITION_INFO", "INFO", message, name, [application.location])
        return None
    return f'Composing federation directive "{name}" {where} is not supported'


def _agree(context: MergeContext, requested: list[Composed]) -> bool:
    """Whether all subgraphs mean the same by each directive and link compatible versions of each specification."""
    problems: dict[str, dict[SourceLocation | None, None]] = {}
    for each in requested:
        for other in requested:
            for problem in _disagreements(each, other) if each.subgraph < other.subgraph else ():
                places = problems.setdefault(problem, {})
                places |= {each.link.location: None, other.link.location: None}
    for problem, places in problems.items():
        context.diagnostics.error("DIRECTIVE_COMPOSITION_ERROR", problem, "schema", places)
    return not problems


def _disagreements(each: Composed, other: Composed) -> list[str]:
    if each.link.identity != other.link.identity:
        if each.local == other.local:
            return [
                f'Composed directive "@{each.local}" is not linked by the same core feature in every subgraph'
            ]
        return []
    if each.link.version[0] != other.link.version[0]:
        return [
            f'Core feature "{each.link.identity}" requested to be merged has major version mismatch across subgraphs'
        ]
    if (each.local == other.local) != (each.specified == other.specified):
        return [f'Composed directive "@{each.local}" does not refer to the same directive in every subgraph']
    return []


def _add_specification(context: MergeContext, group: list[Composed]) -> None:
    newest = max(group, key=lambda each: each.link.version)
    imports: dict[str, Any] = {}
    for each in group:
        context.composed.setdefault(each.local, set()).add(each.subgraph)
        if each.local in context.supergraph.directives:
            continue
        context.supergraph.machinery.add(f"@{each.local}")
        definition = _newest_definition(context, each)
        context.supergraph.directives[each.local] = definition
        _add_argument_types(context, each, definition)
        name = f"@{each.specified}"
        imports[each.local] = name if each.local == each.specified else {"name": name, "as": f"@{each.local}"}
    link: dict[str, Any] = {"url": newest.link.url}
    if newest.link.purpose:
        link["for"] = EnumLiteral(newest.link.purpose)
    context.supergraph.applications.append(Application("link", link | {"import": list(imports.values())}))


def _newest_definition(context: MergeContext, composed: Composed) -> DirectiveDefinition:
    """The definition of the subgraph with the highest version of the specification, asked to compose or not."""
    best = (composed.link.version, composed.definition)
    for subgraph in context.subgraphs:
        link = subgraph.links.by_identity.get(composed.link.identity)
        definition = subgraph.schema.directives.get(composed.local)
        if link is not None and definition is not None and link.version >= best[0]:
            best = (link.version, definition)
    return best[1]


def _add_argument_types(context: MergeContext, composed: Composed, definition: DirectiveDefinition) -> None:
    types: dict[str, Type] = context.subgraphs[composed.subgraph].schema.types
    for argument in definition.arguments.values():
        name = named_type(argument.type)
        if name in types:
            context.supergraph.types.setdefault(name, types[name])
