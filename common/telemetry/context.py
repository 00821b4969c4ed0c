"""The trace that the running task belongs to (W3C Trace Context), with or without recorded spans."""

import random
import re
from contextvars import ContextVar

from msgspec import Struct
from opentelemetry.trace import get_current_span

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)


class TraceContext(Struct, frozen=True):
    """A trace id and the span that what comes next belongs under; both lower case hexadecimal."""

    trace_id: str
    parent_id: str
    flags: str = "00"
    state: str = ""

    @classmethod
    def start(cls) -> "TraceContext":
        """A new, unsampled trace."""
        drawn = random.randbytes(24).hex()  # noqa: S311 - no secret, and as seldom all zeroes as like another
        return cls(drawn[:32], drawn[32:])

    @classmethod
    def parse(cls, traceparent: str | None, tracestate: str = "") -> "TraceContext | None":
        """What the headers say; None when they are missing or malformed (sections 3.2.2 and 3.3)."""
        found = _TRACEPARENT.fullmatch(traceparent or "")
        return cls(found[1], found[2], found[3], tracestate) if found else None

    def headers(self) -> tuple[tuple[str, str], ...]:
        parent = ("traceparent", f"00-{self.trace_id}-{self.parent_id}-{self.flags}")
        return (parent, ("tracestate", self.state)) if self.state else (parent,)


current_trace: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)


def active() -> TraceContext | None:
    """The recorded span that is open in this task, else the trace that the request brought."""
    span = get_current_span().get_span_context()
    if not span.is_valid:
        return current_trace.get()
    state = span.trace_state.to_header()
    return TraceContext(f"{span.trace_id:032x}", f"{span.span_id:016x}", f"{span.trace_flags:02x}", state)


def trace_id() -> str | None:
    """The trace id of the running task, if it serves a request or an event."""
    trace = active()
    return trace.trace_id if trace else None


def outgoing_headers() -> tuple[tuple[str, str], ...]:
    """`traceparent` (and `tracestate`) for a request or event that the running task sends."""
    trace = active()
    return trace.headers() if trace else ()
