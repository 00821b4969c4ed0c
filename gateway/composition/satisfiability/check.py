"""Runs the walk and reports what it finds.

Its number of states is bounded, so that composition ends in bounded time and memory for any input.
"""

from gateway.composition.merge.context import MergeContext
from gateway.composition.model.schema import Element
from gateway.composition.satisfiability.explain import explain, explain_called_twice, explain_mismatch
from gateway.composition.satisfiability.graph import QueryGraph
from gateway.composition.satisfiability.problems import CalledTwice, MismatchedTypes, Problem, Unsatisfiable
from gateway.composition.satisfiability.walk import TooManyPathsError, Walk

MAX_STATES = 1_000_000


def check_satisfiability(context: MergeContext) -> None:
    """Report SATISFIABILITY_ERROR and SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES for the merged supergraph.

    Beyond a million states, or a depth of conditions that rest on one another, MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED.
    """
    walk = Walk(QueryGraph(context), MAX_STATES)
    reported: set[tuple[str, str]] = set()
    try:
        for problem in walk.run():
            code, coordinate = _code(problem), _coordinate(problem)
            if (code, coordinate) not in reported:
                reported.add((code, coordinate))
                _report(context, walk, problem)
    except (TooManyPathsError, RecursionError):
        message = (
            f"Satisfiability could not be decided within {MAX_STATES} combinations of types, subgraphs, contexts and"
            " labels of progressive overrides, or @requires and @key depend on one another over too many steps. Share"
            " fewer types between subgraphs, and give the overrides that change together one label."
        )
        context.diagnostics.error("MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED", message)


def _report(context: MergeContext, walk: Walk, problem: Problem) -> None:
    code, coordinate = _code(problem), _coordinate(problem)
    places = [each.location for each in _declarations(context, problem)]
    match problem:
        case Unsatisfiable():
            context.diagnostics.error(code, explain(walk, problem), coordinate, places)
        case CalledTwice():
            context.diagnostics.error(code, explain_called_twice(walk, problem), coordinate, places)
        case MismatchedTypes(partial=True):
            context.diagnostics.hint(code, "WARN", explain_mismatch(walk, problem), coordinate, places)
        case MismatchedTypes():
            context.diagnostics.error(code, explain_mismatch(walk, problem), coordinate, places)


def _code(problem: Problem) -> str:
    if not isinstance(problem, MismatchedTypes):
        return "SATISFIABILITY_ERROR"
    if problem.partial:
        return "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN"
    return "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"


def _coordinate(problem: Problem) -> str:
    return problem.field.coordinate if problem.field is not None else problem.state.type


def _declarations(context: MergeContext, problem: Problem) -> list[Element]:
    """Where the field, or the type whose implementation none can tell, is declared."""
    field = problem.field
    if field is None:
        return [each for _, each in context.types(problem.state.type)]
    found = (each.schema.field(field.parent, field.name) for each in context.subgraphs)
    return [each for each in found if each is not None]
