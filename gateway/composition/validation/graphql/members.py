"""Types have members, names do not begin with two underscores, and input objects can be given a finite value."""

from collections.abc import Iterator

from gateway.composition.model.schema import Field, InputValue, Kind, Schema, Type
from gateway.composition.model.typeref import is_list, is_non_null, nullable
from gateway.composition.validation.report import SubgraphReport


def check_members(report: SubgraphReport) -> None:
    roots = set(report.schema.roots.values())
    for each in report.schema.types.values():
        if each.name in report.schema.machinery:
            continue
        _check_names(report, each)
        if each.name not in roots:
            _check_not_empty(report, each)
        if each.kind is Kind.INPUT:
            _check_one_of(report, each)
    _check_finite(report)


def _check_names(report: SubgraphReport, each: Type) -> None:
    if each.name.startswith("__"):
        message = f'Name "{each.name}" must not begin with "__", which is reserved by GraphQL introspection.'
        report.invalid(message, each.name, each.location)
    members: list[Field | InputValue] = [*each.fields.values(), *each.inputs.values()]
    for member in members:
        if member.name.startswith("__"):
            message = (
                f'Name "{member.name}" must not begin with "__", which is reserved by GraphQL introspection.'
            )
            report.invalid(message, member.coordinate, member.location)


def _check_not_empty(report: SubgraphReport, each: Type) -> None:
    members = {
        Kind.OBJECT: (each.fields, "fields"),
        Kind.INTERFACE: (each.fields, "fields"),
        Kind.UNION: (each.members, "member types"),
        Kind.ENUM: (each.values, "values"),
        Kind.INPUT: (each.inputs, "fields"),
    }
    found = members.get(each.kind)
    if found is not None and not found[0]:
        kind = str(each.kind).removesuffix(" Type")
        report.invalid(
            f"{kind} type {each.name} must define one or more {found[1]}.", each.name, each.location
        )


def _check_finite(report: SubgraphReport) -> None:
    """An input object may not contain itself through required fields alone: none of them leads back to the path."""
    finite: set[str] = set()
    for start in report.schema.of_kind(Kind.INPUT):
        path = {} if start.name in finite else {start.name: _required_inputs(report.schema, start.name)}
        while path:
            name = next(reversed(path))
            following = next(path[name], None)
            if following is None:
                finite.add(name)
                del path[name]
            elif following in path:
                message = (
                    f'Cannot reference input object "{following}" within itself through non-null fields only.'
                )
                report.invalid(message, following, report.schema.types[following].location)
            elif following not in finite:
                path[following] = _required_inputs(report.schema, following)


def _required_inputs(schema: Schema, name: str) -> Iterator[str]:
    owner = schema.types.get(name)
    inputs = owner.inputs.values() if owner is not None else ()
    return (nullable(each.type) for each in inputs if is_non_null(each.type) and not is_list(each.type))


def _check_one_of(report: SubgraphReport, each: Type) -> None:
    if not each.has("oneOf"):
        return
    for member in each.inputs.values():
        if is_non_null(member.type) or member.required:
            message = f"OneOf input field {member.coordinate} must be nullable."
            report.invalid(message, member.coordinate, member.location)
