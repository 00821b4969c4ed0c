"""What one request has cost in the end: counted of the answers that its fetches got, or of the answer to the client."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Literal, TypeAlias

from msgspec import Struct

from common.http import Response
from gateway.execution import Payload
from gateway.planning.plan import Fetch, QueryPlan
from gateway.server.demand.amounts import Variables
from gateway.server.demand.counting import (
    Counter,
    NumberedCounter,
    compile_fetch_counter,
    compile_whole_counter,
)
from gateway.server.demand.estimation import fetches
from gateway.server.demand.formula import Formula

ActualCostMode: TypeAlias = Literal["by_subgraph", "by_response_shape"]


class Counting(Struct, frozen=True):
    """How the actual cost of one operation is counted: by the ids of its fetches, or as a `whole`."""

    by_fetch: Mapping[int, Counter | NumberedCounter] = {}
    whole: Counter | None = None

    @classmethod
    def of(cls, plan: QueryPlan, formula: Formula, mode: ActualCostMode) -> "Counting":
        if mode == "by_response_shape":
            return cls(whole=compile_whole_counter(formula, plan))
        return cls({fetch.id: compile_fetch_counter(formula, fetch) for fetch, _ in fetches(plan.node, ())})


class Spending:
    """The cost of one request, told to `tell` when it is over."""

    def __init__(self, counting: Counting, variables: Variables, tell: Callable[[int], None]) -> None:
        self._counting = counting
        self._variables = variables
        self._tell = tell
        self._answers: list[tuple[int, bytes]] = []

    @property
    def on_response(self) -> Callable[[Fetch, Response], None] | None:
        """What is to be told of each response of a subgraph; None where they do not count."""
        return None if self._counting.whole is not None else self._record

    def settle(self, body: bytes) -> None:
        """All is there; `body` is the answer to the client."""
        whole = self._counting.whole
        self._tell(self._sum() if whole is None else whole.count(body, self._variables))

    async def settled(self, payloads: AsyncGenerator[Payload, None]) -> AsyncGenerator[Payload, None]:
        """An answer in parts, the cost of which is told with the last: only where subgraphs' responses count."""
        async with aclosing(payloads):
            async for payload in payloads:
                if not payload.has_next and self._counting.whole is None:
                    self._tell(self._sum())
                yield payload

    def _record(self, fetch: Fetch, response: Response) -> None:
        self._answers.append((fetch.id, response.body))

    def _sum(self) -> int:
        counters = self._counting.by_fetch
        return sum([counters[fetch].count(body, self._variables) for fetch, body in self._answers])
