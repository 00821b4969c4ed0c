"""Carries authorization from implementations to their interfaces.

An interface cannot be guarded itself; whoever reads through it must be allowed what guards any implementation, so that
a router can decide without knowing the run-time type.
"""

from collections.abc import Iterable

from gateway.composition.ingest.specifications import AUTHORIZATION
from gateway.composition.merge.applications import conjunction
from gateway.composition.merge.context import MergeContext
from gateway.composition.model.schema import Application, Element, Kind

_ALTERNATIVES = {"requiresScopes": "scopes", "policy": "policies"}


def propagate_authorization(context: MergeContext) -> None:
    """Guard interfaces by what guards their implementations; and these by what guards an `@interfaceObject`'s field."""
    guards = [name for name in AUTHORIZATION if name in context.core_names]
    for interface in context.supergraph.of_kind(Kind.INTERFACE) if guards else ():
        implementations = context.supergraph.implementations(interface.name)
        for guard in guards:
            _guard(context, guard, interface, implementations, interface.name)
            for field in interface.fields.values():
                found = [each.fields[field.name] for each in implementations if field.name in each.fields]
                for each in found:
                    _guard(context, guard, each, [field], each.coordinate)
                _guard(context, guard, field, found, field.coordinate)


def _guard(
    context: MergeContext, guard: str, target: Element, others: Iterable[Element], coordinate: str
) -> None:
    """Ask of the target also what the others ask for."""
    applied = [each for element in (target, *others) for each in element.applied(guard)]
    if not applied:
        return
    argument = _ALTERNATIVES.get(guard)
    if argument is not None and any(each.arguments != applied[0].arguments for each in applied):
        message = f'Directive @{guard} on "{coordinate}" has different arguments in what it stands for; they are merged.'
        code = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
        places = [each.location for each in applied]
        context.diagnostics.hint(code, "INFO", message, coordinate, places)
    arguments = {argument: conjunction([each.arguments[argument] for each in applied])} if argument else {}
    target.remove(guard)
    target.applications.append(Application(context.core_names[guard], arguments, guard))
