"""`@context` and `@fromContext`: the names of contexts, and which arguments may be filled from one."""

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.context_value import parse_context_value
from gateway.composition.model.schema import Application, Field, InputValue, Kind, Type
from gateway.composition.validation.federation.context_selection import selection_problem
from gateway.composition.validation.report import SubgraphReport

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_contexts(report: SubgraphReport) -> None:
    """Report CONTEXT_NAME_INVALID, CONTEXT_NOT_SET, CONTEXT_INVALID_SELECTION, CONTEXT_NO_RESOLVABLE_KEY, NO_CONTEXT_IN_SELECTION."""
    contexts = _contexts(report)
    for definition in report.schema.directives.values():
        for argument in definition.arguments.values():
            if argument.has("fromContext"):
                message = (
                    f'@fromContext cannot be used on an argument of a directive: "{argument.coordinate}".'
                )
                report.error("CONTEXT_NOT_SET", message, argument.coordinate, argument.location)
    for field in all_fields(report.schema):
        for argument in field.arguments.values():
            for application in argument.applied("fromContext"):
                if _is_placed(report, field, argument):
                    _check_value(report, contexts, field, argument, application)


def _contexts(report: SubgraphReport) -> dict[str, list[Type]]:
    """The types that set each context. One whose name is invalid counts as set, so that it is reported once."""
    contexts: dict[str, list[Type]] = {}
    for each in report.schema.types.values():
        for application in each.applied("context"):
            name = application.arguments.get("name")
            contexts.setdefault(str(name), []).append(each)
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                message = f'Context name "{name}" is invalid. It should have only alphanumeric characters and begin with a letter.'
                report.error("CONTEXT_NAME_INVALID", message, each.name, application.location)
    return contexts


def _is_placed(report: SubgraphReport, field: Field, argument: InputValue) -> bool:
    """Whether the argument is one of an object type's field; reports what else forbids a contextual argument."""
    owner = report.schema.types[field.parent]
    if owner.kind is not Kind.OBJECT:
        message = f'@fromContext cannot be used on a field of an abstract type: "{argument.coordinate}".'
        report.error("CONTEXT_NOT_SET", message, argument.coordinate, argument.location)
        return False
    for message in _misplacements(report, owner, field, argument):
        report.error("CONTEXT_NOT_SET", message, argument.coordinate, argument.location)
    return True


def _misplacements(report: SubgraphReport, owner: Type, field: Field, argument: InputValue) -> Iterator[str]:
    for interface in owner.interfaces:
        if (implemented := report.schema.field(interface, field.name)) is not None:
            yield f'@fromContext cannot be used on a field implementing an interface field "{implemented.coordinate}".'
    if argument.has_default:
        yield f'@fromContext arguments may not have a default value: "{argument.coordinate}".'


def _check_value(
    report: SubgraphReport,
    contexts: Mapping[str, Sequence[Type]],
    field: Field,
    argument: InputValue,
    application: Application,
) -> None:
    text = application.arguments.get("field")
    value = parse_context_value(text)
    place, coordinate = argument.location, argument.coordinate
    if value is None:
        message = f'@fromContext argument does not reference a context and a selection, as in "$context {{ field }}": "{text}".'
        report.error("NO_CONTEXT_IN_SELECTION", message, coordinate, place)
        return
    if value.context not in contexts:
        message = f'Context "{value.context}" is used at location "{coordinate}" but is never set.'
        report.error("CONTEXT_NOT_SET", message, coordinate, place)
    else:
        problem = selection_problem(report.schema, contexts[value.context], value.selection, argument.type)
        if problem is not None:
            message = f'Context "{value.context}" is used in "{coordinate}" but the selection is invalid: {problem}.'
            report.error("CONTEXT_INVALID_SELECTION", message, coordinate, place)
    owner = report.schema.types[field.parent]
    if not any(key.arguments.get("resolvable", True) for key in owner.applied("key")):
        message = f'Object "{owner.name}" has no resolvable key but has a field with a contextual argument.'
        report.error("CONTEXT_NO_RESOLVABLE_KEY", message, owner.name, owner.location)
