"""`@override`: which subgraph's field gives way to which, at once or for the callers that a label selects."""

import re

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.overrides import Overrides
from gateway.composition.model.schema import Application, Field

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*|percent\((\d{1,2}(\.\d{1,8})?|100)\)")


def read_overrides(context: MergeContext, sources: Sources[Field]) -> Overrides:
    """Validate the `@override`s of a field's sources and say what they mean."""
    overrides = Overrides()
    by_index = dict(sources)
    for index, each in sources:
        for application in each.applied("override"):
            _apply(context, overrides, by_index, index, application)
    return overrides


def check_not_overriding(context: MergeContext, sources: Sources[Field]) -> None:
    """Report `@override` on a field of an interface, which resolves nothing that could move."""
    for index, each in sources:
        for application in each.applied("override"):
            message = (
                f'@override cannot be used on field "{each.coordinate}" on subgraph "{context.name(index)}": @override is not'
                " supported on interface type fields; put it on the implementing types' fields."
            )
            context.diagnostics.error(
                "OVERRIDE_ON_INTERFACE", message, each.coordinate, [application.location]
            )


def _apply(
    context: MergeContext,
    overrides: Overrides,
    by_index: dict[int, Field],
    index: int,
    application: Application,
) -> None:
    origin = application.arguments.get("from")
    target = by_index[index]
    names = [each.name for each in context.subgraphs]
    if origin == names[index]:
        message = (
            f'Source and destination subgraphs "{origin}" are the same for overridden field "{target.coordinate}":'
            " name the subgraph that the field moves away from."
        )
        context.diagnostics.error(
            "OVERRIDE_FROM_SELF_ERROR", message, target.coordinate, [application.location]
        )
        return
    if isinstance(origin, str):
        overrides.sources[index] = origin
    if origin not in names:
        message = f'Source subgraph "{origin}" for field "{target.coordinate}" on subgraph "{names[index]}" does not exist.'
        context.diagnostics.hint(
            "FROM_SUBGRAPH_DOES_NOT_EXIST", "WARN", message, target.coordinate, [application.location]
        )
        return
    origin_index = names.index(origin)
    source = by_index.get(origin_index)
    if _conflicts(context, by_index, index, origin_index):
        return
    if source is None or context.subgraphs[origin_index].fields.is_external(source):
        message = f'Field "{target.coordinate}" on subgraph "{origin}" is not resolved by it anymore; remove the @override.'
        context.diagnostics.hint(
            "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", "INFO", message, target.coordinate, [application.location]
        )
        return
    _mark(context, overrides, source, (index, origin_index), application)


def _conflicts(context: MergeContext, by_index: dict[int, Field], index: int, origin: int) -> bool:
    target, source = by_index[index], by_index.get(origin)
    if source is not None and source.has("override"):
        message = (
            f'Field "{target.coordinate}" on subgraph "{context.name(index)}" is also marked with directive @override in'
            f' subgraph "{context.name(origin)}". Only one @override directive is allowed per field.'
        )
        context.error("OVERRIDE_SOURCE_HAS_OVERRIDE", message, target.coordinate, [target, source])
        return True
    found = _colliding_directive(context, target, source, index, origin)
    if found is None:
        return False
    directive, where = found
    message = (
        f'@override cannot be used on field "{target.coordinate}" on subgraph "{context.name(index)}" since'
        f' "{target.coordinate}" on "{context.name(where)}" is marked with directive "@{directive}"'
    )
    context.error("OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", message, target.coordinate, [target])
    return True


def _colliding_directive(
    context: MergeContext, target: Field, source: Field | None, index: int, origin: int
) -> tuple[str, int] | None:
    for directive in ("requires", "provides"):
        if source is not None and source.has(directive):
            return directive, origin
    return ("external", index) if context.subgraphs[index].fields.is_external(target) else None


def _mark(
    context: MergeContext,
    overrides: Overrides,
    source: Field,
    pair: tuple[int, int],
    application: Application,
) -> None:
    index, origin = pair
    label = application.arguments.get("label")
    is_used = source.coordinate in context.subgraphs[origin].fields.used
    if label is None:
        (overrides.used if is_used else overrides.unused).add(origin)
        code, message = "OVERRIDDEN_FIELD_CAN_BE_REMOVED", "is overridden"
    elif isinstance(label, str) and _LABEL.fullmatch(label):
        overrides.labels[index] = overrides.labels[origin] = label
        code, message = "OVERRIDE_MIGRATION_IN_PROGRESS", "is being migrated with progressive @override"
    else:
        _invalid_label(context, source, index, label, application)
        overrides.unused.add(origin)
        return
    text = f'Field "{source.coordinate}" on subgraph "{context.name(origin)}" {message}.'
    context.diagnostics.hint(code, "INFO", text, source.coordinate, [source.location])


def _invalid_label(
    context: MergeContext, source: Field, index: int, label: object, application: Application
) -> None:
    message = (
        f'Invalid @override label "{label}" on field "{source.coordinate}" on subgraph "{context.name(index)}": labels'
        " must start with a letter and after that may contain alphanumerics, underscores, minuses, colons, periods, or"
        ' slashes. Alternatively, labels may be of the form "percent(x)" where x is a float between 0-100 inclusive.'
    )
    context.diagnostics.error("OVERRIDE_LABEL_INVALID", message, source.coordinate, [application.location])
