"""A field that reads guarded data through `@requires` or `@fromContext` must ask for at least the same authorization.

Otherwise a caller would see, through that field, what they may not query (MISSING_TRANSITIVE_AUTH_REQUIREMENTS).
"""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.composition.merge.applications import conjunction
from gateway.composition.merge.context import MergeContext
from gateway.composition.model.context_value import parse_context_value
from gateway.composition.model.field_set import selected_fields
from gateway.composition.model.schema import Element, Field, Kind, Schema
from gateway.composition.model.typeref import named_type

Alternatives = list[list[str]]


class Requirements(NamedTuple):
    """What a caller must have: each of scopes and policies is an OR of ANDs; empty asks for nothing."""

    authenticated: bool = False
    scopes: Alternatives | None = None
    policies: Alternatives | None = None

    def joined(self, other: "Requirements") -> "Requirements":
        return Requirements(
            self.authenticated or other.authenticated,
            _both(self.scopes, other.scopes),
            _both(self.policies, other.policies),
        )

    def implies(self, other: "Requirements") -> bool:
        return (
            (self.authenticated or not other.authenticated)
            and _implies(self.scopes, other.scopes)
            and _implies(self.policies, other.policies)
        )


def _both(left: Alternatives | None, right: Alternatives | None) -> Alternatives | None:
    if left is None or right is None:
        return left if right is None else right
    merged: Alternatives = conjunction([left, right])
    return merged


def _implies(held: Alternatives | None, needed: Alternatives | None) -> bool:
    if needed is None:
        return True
    return held is not None and all(any(set(option) <= set(each) for option in needed) for each in held)


def check_transitive_auth(context: MergeContext) -> None:
    """Report MISSING_TRANSITIVE_AUTH_REQUIREMENTS."""
    supergraph = context.supergraph
    if not any(name in context.core_names for name in ("authenticated", "requiresScopes", "policy")):
        return
    for subgraph in context.subgraphs:
        for owner in subgraph.schema.of_kind(Kind.OBJECT):
            for field in owner.fields.values():
                merged = supergraph.field(owner.name, field.name)
                if merged is not None:
                    _check(context, subgraph.name, field, merged, _read_by(subgraph.schema, field))


def _read_by(schema: Schema, field: Field) -> list[tuple[str, Field]]:
    found = []
    for application in field.applied("requires"):
        selected = selected_fields(schema, field.parent, application.arguments.get("fields"))
        found += [("@requires", each.field) for each in selected]
    for argument in field.arguments.values():
        for application in argument.applied("fromContext"):
            value = parse_context_value(application.arguments.get("field"))
            if value is None:
                continue
            for source in schema.types.values():
                if any(each.arguments.get("name") == value.context for each in source.applied("context")):
                    found += [
                        ("@fromContext", each.field)
                        for each in selected_fields(schema, source.name, value.selection)
                    ]
    return found


def _check(
    context: MergeContext, subgraph: str, field: Field, merged: Field, read: list[tuple[str, Field]]
) -> None:
    supergraph = context.supergraph
    held = _of(merged).joined(_of(supergraph.types[merged.parent]))
    for directive, needed in read:
        if not all(held.implies(each) for each in _needed(supergraph, needed)):
            message = (
                f'[{subgraph}] Field "{field.coordinate}" does not specify necessary @authenticated, @requiresScopes and/or'
                f' @policy auth requirements to access the transitive field "{needed.coordinate}" data from {directive}'
                " selection set."
            )
            code = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS"
            context.error(code, message, field.coordinate, [field])
            return


def _needed(supergraph: Schema, field: Field) -> Iterator[Requirements]:
    """What reading a field asks for: its own, its type's, and those of every implementation of an interface."""
    owner = supergraph.types.get(field.parent)
    parents = [field.parent]
    if owner is not None and owner.kind is Kind.INTERFACE:
        parents += [each.name for each in supergraph.implementations(field.parent)]
    for parent in parents:
        found = supergraph.field(parent, field.name)
        if found is not None:
            yield _of(found)
            if parent != field.parent:
                yield _of(supergraph.types[parent])
    result = supergraph.types.get(named_type(field.type))
    if result is not None:
        yield _of(result)
        if result.kind in {Kind.INTERFACE, Kind.UNION}:
            yield from (_of(supergraph.types[name]) for name in supergraph.possible_types(result.name))


def _of(element: Element) -> Requirements:
    scopes = element.applied("requiresScopes")
    policies = element.applied("policy")
    return Requirements(
        authenticated=element.has("authenticated"),
        scopes=scopes[0].arguments.get("scopes") if scopes else None,
        policies=policies[0].arguments.get("policies") if policies else None,
    )
