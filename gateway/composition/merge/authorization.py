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
    guards = [name for name in AUTHORIZATION if name in context.core_names]
    for interface in context.supergraph.of_kind(Kind.INTERFACE) if guards else ():
        implementations = context.supergraph.implementations(interface.name)
        for guard in guards:
            _guard(context, guard, interface, implementations)
            for field in interface.fields.values():
                found = (each.fields.get(field.name) for each in implementations)
                _guard(context, guard, field, [each for each in found if each is not None])


def _guard(context: MergeContext, guard: str, target: Element, guarded: Iterable[Element]) -> None:
    applied = [each for element in guarded for each in element.applied(guard)]
    if not applied or target.has(guard):
        return
    argument = _ALTERNATIVES.get(guard)
    arguments = {argument: conjunction([each.arguments[argument] for each in applied])} if argument else {}
    target.applications.append(Application(context.core_names[guard], arguments, guard))
