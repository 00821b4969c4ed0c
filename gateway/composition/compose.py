"""Composition from end to end: ingest, validate, merge, check the whole, emit."""

from collections.abc import Iterable, Sequence

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.emission.api_schema import api_schema
from gateway.composition.emission.join_spec import add_join_specification
from gateway.composition.emission.printing import print_schema
from gateway.composition.ingest.subgraph import SubgraphSchema, ingest
from gateway.composition.ingest.upgrade import hint_at_implied_versions, upgrade_subgraphs
from gateway.composition.merge.context import MergeContext
from gateway.composition.merge.supergraph import merge
from gateway.composition.result import CompositionResult, Subgraph
from gateway.composition.satisfiability import check_satisfiability
from gateway.composition.validation.rules import validate_federation, validate_graphql
from gateway.composition.validation.supergraph.composed_directives import check_composed_directives
from gateway.composition.validation.supergraph.inaccessible import check_inaccessible
from gateway.composition.validation.supergraph.transitive_auth import check_transitive_auth


def compose(subgraphs: Iterable[Subgraph]) -> CompositionResult:
    """Compose subgraphs into a supergraph; never raises for what is in their SDL.

    The result does not depend on the order of the subgraphs.
    """
    diagnostics = Diagnostics()
    schemas = _read(sorted(subgraphs, key=lambda each: each.name), diagnostics)
    if diagnostics.errors:
        return _failure(diagnostics)
    hint_at_implied_versions(schemas, diagnostics)
    context = MergeContext(schemas, diagnostics)
    supergraph = merge(context)
    if not diagnostics.errors:
        check_inaccessible(supergraph, diagnostics)
        check_transitive_auth(context)
        check_composed_directives(context)
    if not diagnostics.errors:
        check_satisfiability(context)
    if diagnostics.errors:
        return _failure(diagnostics)
    api_schema_sdl = print_schema(api_schema(supergraph))
    highest = max(each.links.implied_version for each in schemas)
    graphs = zip(context.graphs, schemas, strict=True)
    add_join_specification(supergraph, highest, ((value, each.name, each.url) for value, each in graphs))
    return CompositionResult(
        supergraph_sdl=print_schema(supergraph), api_schema_sdl=api_schema_sdl, hints=tuple(diagnostics.hints)
    )


def _read(subgraphs: Sequence[Subgraph], diagnostics: Diagnostics) -> list[SubgraphSchema]:
    _check_names([each.name for each in subgraphs], diagnostics)
    found = (ingest(each, diagnostics) for each in subgraphs)
    schemas = [each for each in found if each is not None]
    if not diagnostics.errors:
        _validate(schemas, diagnostics)
    return schemas


def _validate(schemas: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> None:
    """Validate each subgraph; those of federation 1 after their upgrade."""
    unsound = validate_graphql(schemas, diagnostics)
    sound = [each for each in schemas if each.name not in unsound]
    if len(sound) == len(schemas):
        upgrade_subgraphs(schemas, diagnostics)
        validate_federation(schemas, diagnostics)
    else:
        validate_federation([each for each in sound if each.is_federation_2], diagnostics)


def _check_names(names: Sequence[str], diagnostics: Diagnostics) -> None:
    for name in sorted(set(names)):
        if name == "_":
            diagnostics.error(
                "INVALID_SUBGRAPH_NAME", f"[{name}] Invalid name {name} for a subgraph: this name is reserved"
            )
        elif not name:
            diagnostics.error("INVALID_SUBGRAPH_NAME", "A subgraph must have a name.")
        if names.count(name) > 1:
            diagnostics.error(
                "INVALID_SUBGRAPH_NAME", f'A subgraph named "{name}" already exists: names must be unique.'
            )
    if not names:
        diagnostics.error("NO_QUERIES", "No subgraphs were given: a supergraph needs at least one.")


def _failure(diagnostics: Diagnostics) -> CompositionResult:
    return CompositionResult(errors=tuple(diagnostics.errors), hints=tuple(diagnostics.hints))
