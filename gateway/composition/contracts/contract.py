"""A contract from end to end: read the supergraph, hide what is not part of it, check the rest, emit."""

from collections.abc import Iterable

from gateway.composition.contracts.reachability import hide_unreachable_types
from gateway.composition.contracts.reading import read_supergraph
from gateway.composition.contracts.tag_filter import TagFilter
from gateway.composition.diagnostics import Diagnostics
from gateway.composition.emission.api_schema import api_schema
from gateway.composition.emission.printing import print_schema
from gateway.composition.result import CompositionResult
from gateway.composition.validation.supergraph.inaccessible import check_inaccessible


def contract(
    supergraph_sdl: str,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    hide_unreachable: bool = True,
) -> CompositionResult:
    """The supergraph with everything `@inaccessible` that is not part of the contract.

    `include` keeps only the fields and unions that have one of these tags, and the types that these fields are of;
    empty, it keeps all. `exclude` hides what has one of its tags, also where `include` would keep it. A tag on an object
    or interface type is one on each of its fields. A type of which nothing is left is hidden, and so is, unless
    `hide_unreachable` is false, every type that no operation can reach.

    Never raises for what is in the SDL: what is left and yet needs what is hidden is an error, with its place in the
    supergraph. See https://www.apollographql.com/docs/graphos/delivery/contract-reference.
    """
    diagnostics = Diagnostics()
    supergraph = read_supergraph(supergraph_sdl, diagnostics)
    if supergraph is None or diagnostics.errors:
        return CompositionResult(errors=tuple(diagnostics.errors))
    TagFilter(supergraph, frozenset(include), frozenset(exclude)).apply()
    if hide_unreachable:
        hide_unreachable_types(supergraph)
    check_inaccessible(supergraph, diagnostics)
    if diagnostics.errors:
        return CompositionResult(errors=tuple(diagnostics.errors))
    return CompositionResult(
        supergraph_sdl=print_schema(supergraph), api_schema_sdl=print_schema(api_schema(supergraph))
    )
