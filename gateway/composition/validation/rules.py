"""The rules that every subgraph must pass, in the order in which their errors are reported."""

from collections.abc import Callable, Sequence

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.validation.federation.auth import check_auth_placement, check_requirements
from gateway.composition.validation.federation.context import check_contexts
from gateway.composition.validation.federation.cost import check_cost, check_list_size
from gateway.composition.validation.federation.external import check_external_use
from gateway.composition.validation.federation.field_sets import check_field_sets
from gateway.composition.validation.federation.interface_keys import check_interface_keys
from gateway.composition.validation.federation.interface_objects import check_interface_objects
from gateway.composition.validation.federation.shareable import check_shareable_placement
from gateway.composition.validation.graphql.default_values import check_default_values
from gateway.composition.validation.graphql.directives import check_directives
from gateway.composition.validation.graphql.implementations import check_implementations
from gateway.composition.validation.graphql.members import check_members
from gateway.composition.validation.graphql.references import check_references
from gateway.composition.validation.report import SubgraphReport

GRAPHQL_RULES: tuple[Callable[[SubgraphReport], None], ...] = (
    check_directives,
    check_references,
    check_members,
    check_implementations,
    check_default_values,
)
FEDERATION_RULES: tuple[Callable[[SubgraphReport], None], ...] = (
    check_field_sets,
    check_interface_keys,
    check_interface_objects,
    check_external_use,
    check_shareable_placement,
    check_auth_placement,
    check_requirements,
    check_contexts,
    check_cost,
    check_list_size,
)


def validate_graphql(subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> set[str]:
    """Check each subgraph as GraphQL; gives the names of those that failed, which no further rule can read."""
    failed: set[str] = set()
    for subgraph in subgraphs:
        before = len(diagnostics.errors)
        report = SubgraphReport(subgraph, diagnostics)
        for rule in GRAPHQL_RULES:
            rule(report)
        if len(diagnostics.errors) > before:
            failed.add(subgraph.name)
    return failed


def validate_federation(subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> None:
    for subgraph in subgraphs:
        report = SubgraphReport(subgraph, diagnostics)
        for rule in FEDERATION_RULES:
            rule(report)
