"""`@context` and `@fromContext`: names, and that what an argument asks of a context can be taken from it."""

import re

from graphql import GraphQLSyntaxError

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.context_value import ContextValue, parse_context_value
from gateway.composition.model.field_set import FragmentSelection, Selection, parse_field_set
from gateway.composition.model.schema import Field, InputValue, Kind, Type
from gateway.composition.validation.report import SubgraphReport

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_contexts(report: SubgraphReport) -> None:
    contexts: dict[str, list[Type]] = {}
    for each in report.schema.types.values():
        for application in each.applied("context"):
            name = application.arguments.get("name")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                message = f'Context name "{name}" is invalid. It should have only alphanumeric characters and begin with a letter.'
                report.error("CONTEXT_NAME_INVALID", message, each.name, application.location)
            else:
                contexts.setdefault(name, []).append(each)
    for field in all_fields(report.schema):
        for argument in field.arguments.values():
            for application in argument.applied("fromContext"):
                _check(report, contexts, field, argument, application.arguments.get("field"))


def _check(
    report: SubgraphReport, contexts: dict[str, list[Type]], field: Field, argument: InputValue, text: object
) -> None:
    value = parse_context_value(text)
    place, coordinate = argument.location, argument.coordinate
    owner = report.schema.types[field.parent]
    if value is None or not value.selection:
        message = f'@fromContext argument does not reference a context and a selection, as in "$context {{ field }}": "{text}".'
        report.error("NO_CONTEXT_IN_SELECTION", message, coordinate, place)
        return
    if value.context not in contexts:
        message = f'Context "{value.context}" is used at location "{coordinate}" but is never set.'
        report.error("CONTEXT_NOT_SET", message, coordinate, place)
        return
    if owner.kind is Kind.INTERFACE:
        message = f'@fromContext argument cannot be used on a field of an abstract type: "{coordinate}".'
        report.error("CONTEXT_NOT_SET", message, coordinate, place)
    for source in contexts[value.context]:
        _check_selection(report, source, value, argument)
    if not any(key.arguments.get("resolvable", True) for key in owner.applied("key")):
        message = f'Object "{owner.name}" has no resolvable key but has a field with a contextual argument.'
        report.error("CONTEXT_NO_RESOLVABLE_KEY", message, owner.name, owner.location)


def _check_selection(report: SubgraphReport, source: Type, value: ContextValue, argument: InputValue) -> None:
    problem = None
    try:
        selections = parse_field_set(value.selection)
    except (GraphQLSyntaxError, RecursionError):
        problem = "it is not a selection"
    else:
        leaves = [_leaves(selection) for selection in _for_type(report, source, selections)]
        if any(count != 1 for count in leaves) or not leaves:
            problem = f'it must select one field of "{source.name}"'
        elif not all(_resolves(report, source.name, selection) for selection in selections):
            problem = f'it does not match type "{source.name}"'
    if problem is not None:
        message = f'Context "{value.context}" is used in "{argument.coordinate}" but the selection is invalid: {problem}.'
        report.error("CONTEXT_INVALID_SELECTION", message, argument.coordinate, argument.location)


def _for_type(report: SubgraphReport, source: Type, selections: tuple[Selection, ...]) -> list[Selection]:
    """The selections that apply to a context's type."""
    possible = set(report.schema.possible_types(source.name))
    return [
        each
        for each in selections
        if not isinstance(each, FragmentSelection)
        or each.type_condition is None
        or each.type_condition == source.name
        or each.type_condition in possible
    ]


def _leaves(selection: Selection) -> int:
    return sum(map(_leaves, selection.selections)) if selection.selections else 1


def _resolves(report: SubgraphReport, parent: str, selection: Selection) -> bool:
    if isinstance(selection, FragmentSelection):
        condition = selection.type_condition or parent
        if condition != parent and condition not in report.schema.types:
            return False
        if condition != parent and report.schema.types[parent].kind is Kind.OBJECT:
            return True
        return all(_resolves(report, condition, each) for each in selection.selections)
    field = report.schema.field(parent, selection.name)
    if field is None or selection.directives or selection.alias:
        return False
    return all(_resolves(report, field.type.strip("[]!"), each) for each in selection.selections)
