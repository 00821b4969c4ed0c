"""Runs the walk for every relevant choice of override labels and reports what it finds.

Its number of states is bounded, so that composition ends in bounded time and memory for any input.
"""

from itertools import product

from gateway.composition.merge.context import MergeContext
from gateway.composition.model.schema import Element
from gateway.composition.satisfiability.explain import explain, explain_mismatch
from gateway.composition.satisfiability.graph import QueryGraph
from gateway.composition.satisfiability.walk import MismatchedTypes, TooManyPathsError, Unsatisfiable, Walk

MAX_STATES = 1_000_000
_MAX_FREE_LABELS = 3


def check_satisfiability(context: MergeContext) -> None:
    """Report SATISFIABILITY_ERROR and SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES for the merged supergraph."""
    reported: set[tuple[str, str]] = set()
    try:
        for active in label_choices(context):
            _check(context, Walk(QueryGraph(context, active), MAX_STATES), reported)
    except (TooManyPathsError, RecursionError):
        message = (
            f"Satisfiability could not be decided within {MAX_STATES} combinations of types and subgraphs, or"
            " @requires and @key depend on one another over too many steps. Share fewer types between subgraphs."
        )
        context.diagnostics.error("MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED", message)


def _check(context: MergeContext, walk: Walk, reported: set[tuple[str, str]]) -> None:
    for problem in walk.run():
        code = _code(problem)
        coordinate = problem.field.coordinate if problem.field is not None else problem.state.type
        if (code, coordinate) in reported:
            continue
        reported.add((code, coordinate))
        places = [each.location for each in _declarations(context, problem)]
        if isinstance(problem, Unsatisfiable):
            context.diagnostics.error(code, explain(walk, problem), coordinate, places)
        elif problem.partial:
            context.diagnostics.hint(code, "WARN", explain_mismatch(walk, problem), coordinate, places)
        else:
            context.diagnostics.error(code, explain_mismatch(walk, problem), coordinate, places)


def _code(problem: Unsatisfiable | MismatchedTypes) -> str:
    if isinstance(problem, Unsatisfiable):
        return "SATISFIABILITY_ERROR"
    if problem.partial:
        return "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"
    return "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"


def _declarations(context: MergeContext, problem: Unsatisfiable | MismatchedTypes) -> list[Element]:
    """Where the field, or the type whose implementation none can tell, is declared."""
    name, field = problem.state.type, problem.field
    if field is None:
        return [each for _, each in context.types(name)]
    found = (each.schema.field(name, field.name) for each in context.subgraphs)
    return [each for each in found if each is not None]


def label_choices(context: MergeContext) -> list[frozenset[str]]:
    """Which labels are on: every combination of a few; of many, all, none, and each on and off by itself."""
    labels = sorted({label for each in context.overrides.values() for label in each.labels.values()})
    if len(labels) <= _MAX_FREE_LABELS:
        choices = product((False, True), repeat=len(labels))
        return [
            frozenset(label for label, on in zip(labels, choice, strict=True) if on) for choice in choices
        ]
    everything = frozenset(labels)
    alone = [frozenset((label,)) for label in labels]
    return [frozenset(), everything, *alone, *(everything - each for each in alone)]
