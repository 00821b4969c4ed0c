"""Spans by Apollo Router's names, and none at all where traces are not exported."""

from contextlib import AbstractContextManager, nullcontext

from opentelemetry.trace import Span, Tracer

_NONE: AbstractContextManager[None] = nullcontext()


def span(tracer: Tracer | None, name: str) -> AbstractContextManager[Span | None]:
    """The span `name`, current within the context."""
    return _NONE if tracer is None else tracer.start_as_current_span(name)


def name_operation(current: Span | None, kind: str, name: str | None) -> None:
    """Tells a span which operation it is of, once that is known (OpenTelemetry's conventions for GraphQL)."""
    if current is not None and kind:
        named = {"graphql.operation.name": name} if name else {}
        current.set_attributes({"graphql.operation.type": kind, **named})
