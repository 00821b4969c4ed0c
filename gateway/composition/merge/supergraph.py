"""Merges all subgraphs into the supergraph's model, rule by rule."""

from gateway.composition.ingest.completion import BUILT_IN_DIRECTIVES, specified_definition
from gateway.composition.merge.applications import merge_applications
from gateway.composition.merge.authorization import propagate_authorization
from gateway.composition.merge.compose_directive import add_composed_directives
from gateway.composition.merge.context import MergeContext
from gateway.composition.merge.core_features import add_core_features
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.directives import merge_executable_directives
from gateway.composition.merge.enums import enum_uses
from gateway.composition.merge.interfaces import check_implementations, propagate_interface_objects
from gateway.composition.merge.types import add_types, merge_types
from gateway.composition.model.schema import ROOT_NAMES, Kind, Schema


def merge(context: MergeContext) -> Schema:
    """Merge the subgraphs of the context; what does not merge is in its diagnostics."""
    add_types(context)
    add_core_features(context)
    add_composed_directives(context)
    merge_executable_directives(context)
    merge_types(context, enum_uses(context))
    propagate_interface_objects(context)
    propagate_authorization(context)
    check_implementations(context)
    _merge_schema(context)
    _define_one_of(context)
    _check_queries(context)
    return context.supergraph


def _merge_schema(context: MergeContext) -> None:
    supergraph = context.supergraph
    sources = [(index, each.schema) for index, each in enumerate(context.subgraphs)]
    merge_description(context, sources, supergraph, "schema")
    merge_applications(context, sources, supergraph, "schema")
    supergraph.roots = {
        role: name
        for role, name in ROOT_NAMES.items()
        if any(role in each.schema.roots for each in context.subgraphs) and name in supergraph.types
    }


def _define_one_of(context: MergeContext) -> None:
    """Routers older than the directive accept it by its definition."""
    if any(each.has("oneOf") for each in context.supergraph.of_kind(Kind.INPUT)):
        definition = specified_definition("oneOf", "oneOf", BUILT_IN_DIRECTIVES["oneOf"])
        context.supergraph.directives.setdefault("oneOf", definition)


def _check_queries(context: MergeContext) -> None:
    query = context.supergraph.types.get("Query")
    if query is None or not query.fields:
        message = "No queries found in any subgraph: a supergraph must have a query root type. Add a field to Query."
        context.diagnostics.error("NO_QUERIES", message, "Query")
