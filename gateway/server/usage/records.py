"""What is recorded of an operation that was answered."""

from typing import ClassVar

from msgspec import Struct

from common.events.event import Event
from gateway.planning.plan import (
    Condition,
    Defer,
    Fetch,
    Parallel,
    QueryPlan,
    Sequence,
    Subscription,
    TopNode,
)
from gateway.server.config.telemetry import Usage
from gateway.server.exchange import Exchange

_MOST_CHARACTERS = 256
"""Of a name that a client chooses."""


class UsageRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One operation: its normal form's hash, and what became of it.

    `time` is when it was answered, in seconds since 1970; `errors` how many the answer has. `subgraphs` are those that
    its plan fetches from, for whichever values of its variables.
    """

    time: float
    operation_hash: str
    operation_type: str
    operation_name: str | None = None
    client_name: str | None = None
    client_version: str | None = None
    duration_ms: float
    status: int
    errors: int = 0
    subgraphs: tuple[str, ...] = ()
    trace_id: str | None = None


class UsageReported(Event, frozen=True, kw_only=True):
    """The operations that one router has answered since it last told."""

    subject: ClassVar[str] = "router.usage.reported"
    aggregate: ClassVar[str] = "router"

    router: str
    records: tuple[UsageRecord, ...]


class Recorder:
    """Makes records of exchanges."""

    def __init__(self, config: Usage) -> None:
        self._name = config.client_name_header.lower().encode()
        self._version = config.client_version_header.lower().encode()

    def record(
        self, exchange: Exchange, status: int, seconds: float, *, time: float, trace_id: str | None
    ) -> UsageRecord | None:
        """None where no operation was found in the request."""
        operation = exchange.operation
        if operation is None:
            return None
        return UsageRecord(
            time=round(time, 3),
            operation_hash=operation.digest.hex(),
            operation_type=operation.kind,
            operation_name=_short(operation.name),
            client_name=_short(exchange.request.header(self._name)),
            client_version=_short(exchange.request.header(self._version)),
            duration_ms=round(seconds * 1000, 3),
            status=status,
            errors=exchange.errors,
            subgraphs=subgraphs_of(operation.plan),
            trace_id=trace_id,
        )


def subgraphs_of(plan: QueryPlan) -> tuple[str, ...]:
    """The subgraphs that a plan may fetch from, by name."""
    return tuple(sorted(_subgraphs(plan.node)))


def _subgraphs(node: TopNode | None) -> set[str]:
    match node:
        case None:
            return set()
        case Fetch():
            return {node.subgraph}
        case Sequence(nodes) | Parallel(nodes):
            return set().union(*map(_subgraphs, nodes))
        case Condition(_, first, second) | Subscription(first, second):
            return _subgraphs(first) | _subgraphs(second)
        case Defer():
            return _subgraphs(node.at_once())


def _short(text: str | None) -> str | None:
    return text[:_MOST_CHARACTERS] if text else None
