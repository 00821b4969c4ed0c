"""Merges the fields of object and interface types."""

from gateway.composition.merge.applications import insert_joins, merge_applications
from gateway.composition.merge.arguments import merge_arguments
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.external import check_external, without_external
from gateway.composition.merge.join_field import join_fields
from gateway.composition.merge.override import check_not_overriding, read_overrides
from gateway.composition.merge.overrides import Overrides
from gateway.composition.merge.sharing import check_sharing
from gateway.composition.model.schema import Field, Kind, Type
from gateway.composition.model.subtyping import merge_output


def merge_fields(context: MergeContext, owners: Sources[Type], target: Type) -> None:
    """Merge all fields of a type; for an object type, also check who may resolve each."""
    for name in dict.fromkeys(name for _, each in owners for name in each.fields):
        sources = [(index, each.fields[name]) for index, each in owners if name in each.fields]
        overrides = Overrides()
        if target.kind is Kind.OBJECT:
            overrides = read_overrides(context, sources)
            if overrides.overridden:
                context.overrides[f"{target.name}.{name}"] = overrides
        else:
            check_not_overriding(context, sources)
        target.fields[name] = _merge_field(context, owners, sources, overrides, target.name)
        if target.kind is Kind.OBJECT:
            check_sharing(context, target, name, sources, overrides)
    _hint_value_type_fields(context, owners, target)


def _merge_field(
    context: MergeContext, owners: Sources[Type], sources: Sources[Field], overrides: Overrides, parent: str
) -> Field:
    resolving = without_external(context, sources)
    used = resolving or sources
    first = used[0][1]
    target = Field(name=first.name, parent=parent, type=first.type, location=first.location)
    same_type = _merge_type(context, used, target)
    merge_description(context, used, target, target.coordinate)
    merge_applications(context, used, target, target.coordinate)
    merge_arguments(context, used, target)
    if resolving and len(resolving) < len(sources):
        check_external(context, sources, target)
    same_type = same_type and all(each.type == target.type for _, each in sources)
    joins = join_fields(context, owners, sources, overrides, same_type=same_type)
    insert_joins(target, joins)
    return target


def _merge_type(context: MergeContext, sources: Sources[Field], target: Field) -> bool:
    """Set the merged type; whether the sources all have the same one."""
    same = all(each.type == target.type for _, each in sources)
    merged = merge_output(context.supergraph, (each.type for _, each in sources))
    if merged is None:
        message = f'Type of field "{target.coordinate}" is incompatible across subgraphs: it has '
        context.mismatch(
            "FIELD_TYPE_MISMATCH",
            message,
            target.coordinate,
            sources,
            show=lambda each: f'type "{each.type}"',
        )
        return False
    target.type = merged
    if not same:
        context.diagnostics.hint(
            "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
            "INFO",
            f'Type of field "{target.coordinate}" is inconsistent but compatible across subgraphs: the supergraph uses'
            f' "{merged}".',
            target.coordinate,
            [each.location for _, each in sources],
        )
    return same


def _hint_value_type_fields(context: MergeContext, owners: Sources[Type], target: Type) -> None:
    if len(owners) < 2 or target.name in {"Query", "Mutation", "Subscription"}:
        return
    if any(each.has("key") for _, each in owners):
        return
    resolving = [(index, each) for index, each in owners if not _all_external(context, index, each)]
    kind = "OBJECT" if target.kind is Kind.OBJECT else "INTERFACE"
    for name, field in target.fields.items():
        missing = [index for index, each in resolving if name not in each.fields]
        if missing:
            context.diagnostics.hint(
                f"INCONSISTENT_{kind}_VALUE_TYPE_FIELD",
                "DEBUG",
                f'Field "{field.coordinate}" of non-entity {target.kind.lower()} "{target.name}" is defined in some but not'
                f" all subgraphs that define it: it is missing from {context.names(missing)}.",
                field.coordinate,
                [each.location for _, each in owners],
            )


def _all_external(context: MergeContext, index: int, owner: Type) -> bool:
    """Whether a subgraph only names the type's fields to use them."""
    fields = context.subgraphs[index].fields
    return all(fields.is_external(each) for each in owner.fields.values())
