"""`@external` declarations must agree with the field that another subgraph resolves."""

from graphql.pyutils import Undefined

from gateway.composition.merge.applications import MERGED
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.model.schema import Application, Field, InputValue
from gateway.composition.model.subtyping import is_subtype
from gateway.composition.model.value import print_value


def without_external(context: MergeContext, sources: Sources[Field]) -> Sources[Field]:
    """The sources that resolve the field. Reports a field that none resolves, and directives that would be lost."""
    kept = [(index, each) for index, each in sources if not context.subgraphs[index].fields.is_external(each)]
    if not kept:
        names = context.names([index for index, _ in sources])
        coordinate = sources[0][1].coordinate
        message = (
            f'Field "{coordinate}" is marked @external on all the subgraphs in which it is listed ({names}): remove'
            " @external in the one that resolves it."
        )
        context.error("EXTERNAL_MISSING_ON_BASE", message, coordinate, [each for _, each in sources])
    for index, each in sources:
        if context.subgraphs[index].fields.is_external(each):
            _check_merged_directives(context, index, each)
    return kept


def _check_merged_directives(context: MergeContext, index: int, field: Field) -> None:
    for application in field.applications:
        if application.core in MERGED or (
            application.core is None and index in context.composed.get(application.name, ())
        ):
            message = (
                f"[{context.name(index)}] Cannot apply merged directive {_show(application)} to external field"
                f' "{field.coordinate}"'
            )
            code = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"
            context.diagnostics.error(code, message, field.coordinate, [application.location])


def _show(application: Application) -> str:
    arguments = ", ".join(f"{name}: {print_value(value)}" for name, value in application.arguments.items())
    return f"@{application.name}({arguments})" if arguments else f"@{application.name}"


def check_external(context: MergeContext, sources: Sources[Field], merged: Field) -> None:
    """Compare every external declaration with the merged field."""
    external = [(index, each) for index, each in sources if context.subgraphs[index].fields.is_external(each)]
    if any(not is_subtype(context.supergraph, each.type, merged.type) for _, each in external):
        message = f'Type of field "{merged.coordinate}" is incompatible across subgraphs (where marked @external): it has '
        context.mismatch(
            "EXTERNAL_TYPE_MISMATCH",
            message,
            merged.coordinate,
            sources,
            show=lambda each: f'type "{each.type}"',
            shown=f'type "{merged.type}"',
        )
    for name, argument in merged.arguments.items():
        _check_argument(context, external, argument, name)


def _check_argument(context: MergeContext, external: Sources[Field], merged: InputValue, name: str) -> None:
    missing = [index for index, each in external if name not in each.arguments]
    coordinate = merged.coordinate
    if missing:
        message = (
            f'Field "{coordinate.partition("(")[0]}" is missing argument "{coordinate}" in some subgraphs where it is'
            f" marked @external: add it in {context.names(missing)}."
        )
        context.error("EXTERNAL_ARGUMENT_MISSING", message, coordinate, [each for _, each in external])
    for index, each in external:
        declared = each.arguments.get(name)
        if declared is None:
            continue
        where = f'argument "{coordinate}" (marked @external in subgraph "{context.name(index)}")'
        if not is_subtype(context.supergraph, merged.type, declared.type) and declared.type != merged.type:
            message = f'Type of {where} is "{declared.type}" there but "{merged.type}" in the supergraph.'
            context.error("EXTERNAL_ARGUMENT_TYPE_MISMATCH", message, coordinate, [declared])
        if declared.default != merged.default and not (
            merged.default is Undefined and declared.default is Undefined
        ):
            message = f"Default value of {where} differs from that of the supergraph: write the same."
            context.error("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", message, coordinate, [declared])
