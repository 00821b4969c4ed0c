"""Spans by Apollo Router's names, and none at all where traces are not exported."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry.trace import Tracer

_NONE: AbstractContextManager[Any] = nullcontext()


def span(tracer: Tracer | None, name: str, **attributes: str) -> AbstractContextManager[Any]:
    """The span `name`, current within the context; underscores in the attributes' names stand for dots."""
    if tracer is None:
        return _NONE
    named = {key.replace("_", "."): value for key, value in attributes.items()}
    return tracer.start_as_current_span(name, attributes=named)
