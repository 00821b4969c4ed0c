"""Composition from end to end: ingest, validate, merge, check the whole, emit."""

from collections.abc import Iterable, Sequence

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.emission.api_schema import api_schema
from gateway.composition.emission.join_spec import add_join_specification
from gateway.composition.emission.printing import print_schema
from gateway.composition.ingest.subgraph import SubgraphSchema, ingest
from gateway.composition.ingest.upgrade import upgrade_subgraphs
from gateway.composition.merge.context import MergeContext
from gateway.composition.merge.supergraph import merge
from gateway.composition.result import CompositionResult, Subgraph


def compose(subgraphs: Iterable[Subgraph]) -> CompositionResult:
    """Compose subgraphs into a supergraph; never raises for what is in their SDL.

    The result does not depend on the order of the subgraphs.
    """
    diagnostics = Diagnostics()
    schemas = _read(sorted(subgraphs, key=lambda each: each.name), diagnostics)
    if diagnostics.errors:
        return _failure(diagnostics)
    context = MergeContext(schemas, diagnostics)
    supergraph = merge(context)
    if diagnostics.errors:
        return _failure(diagnostics)
    api_schema_sdl = print_schema(api_schema(supergraph))
    highest = max(each.links.federation_version for each in schemas)
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
        upgrade_subgraphs(schemas, diagnostics)
    return schemas


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
