"""What one request brings along, and the state of its execution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import Tracer

from common.http import Response, Transport
from gateway.execution.caching import FetchCache
from gateway.execution.errors import ErrorLog, FetchError, Mask
from gateway.planning.plan import Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """What the executor needs of a request.

    `transports` are by subgraph name; `headers` gives what to send to a subgraph; `deadline` is the event
    loop's time at which fetches are given up; `mask_error` may change an error that a subgraph has answered
    (subgraph name, its `message` and `extensions`) before the client sees it. Without a `tracer` no span is
    made and `headers` alone decides about `traceparent`. Queries go through `cache`, where there is one. `on_response` is
    told of every response that comes.
    """

    transports: Mapping[str, Transport]
    headers: Callable[[str], tuple[tuple[str, str], ...]]
    deadline: float | None = None
    mask_error: Mask | None = None
    tracer: Tracer | None = None
    on_response: Callable[[Fetch, Response], None] | None = None
    cache: FetchCache | None = None


class Sent:
    """What the fetches of one execution have sent and got: by the fetch's number and the request's body."""

    __slots__ = ("_by_fetch",)

    def __init__(self) -> None:
        self._by_fetch: dict[int, tuple[bytes, Response | FetchError]] = {}

    def record(self, fetch: int, body: bytes, outcome: Response | FetchError) -> None:
        self._by_fetch[fetch] = (body, outcome)

    def recall(self, fetch: int, body: bytes) -> Response | None:
        """The response to the same body, if there is one. Raises the FetchError that came instead."""
        sent, outcome = self._by_fetch.get(fetch, (None, None))
        if sent != body:
            return None
        if isinstance(outcome, FetchError):
            raise outcome
        return outcome


class Execution:
    """One run of a plan: `data` grows with every fetch, in the subgraphs' shape."""

    __slots__ = ("context", "data", "errors", "sent", "variables")

    def __init__(self, variables: Mapping[str, Any], context: RequestContext) -> None:
        self.variables = variables
        self.context = context
        self.data: dict[str, Any] = {}
        self.errors = ErrorLog()
        self.sent = Sent()

    def beside(self) -> "Execution":
        """An execution on the same data whose errors are its own."""
        other = Execution(self.variables, self.context)
        other.data = self.data
        return other
