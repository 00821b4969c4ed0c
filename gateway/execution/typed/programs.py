"""When a plan's typed code is made: in a thread, once its operation is asked for a second time.

Making it takes as long as planning, and an operation that comes once gains nothing by it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from graphql import GraphQLSchema

from gateway.execution.conditions import ByConditions
from gateway.execution.typed.program import Program, compile_program
from gateway.planning.plan import QueryPlan

_logger = logging.getLogger(__name__)
_compiling = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan-compilation")
"""One at a time: many new operations at once must not crowd out the event loop."""


class Programs:
    """The programs of one operation by the values of its conditions."""

    def __init__(self, plan: QueryPlan, schema: GraphQLSchema) -> None:
        self._by_conditions = ByConditions(
            plan, lambda conditions: _Awaited(partial(compile_program, plan, schema, conditions))
        )

    def of(self, variables: Mapping[str, Any]) -> Program | None:
        """None where there is none yet, and where typed execution does not cover the operation."""
        return self._by_conditions.of(variables).get()

    def make(self, variables: Mapping[str, Any]) -> None:
        """Makes the program for these values now, in the calling thread."""
        self._by_conditions.of(variables).make()


class _Awaited:
    """A program that is made when it is wanted often enough."""

    def __init__(self, compile_: Callable[[], Program | None]) -> None:
        self._compile = compile_
        self._is_first = True
        self._is_made = False
        self._program: Program | None = None

    def get(self) -> Program | None:
        if self._is_made:
            return self._program
        if not self._is_first:
            self._is_made = True  # begun: what it gives is there when it is done
            making = asyncio.get_running_loop().run_in_executor(_compiling, self.make)
            making.add_done_callback(_report)
        self._is_first = False
        return None

    def make(self) -> None:
        self._program = self._compile()
        self._is_made = True


def _report(making: "asyncio.Future[None]") -> None:
    """A defect costs speed, not answers: the general path goes on."""
    if not making.cancelled() and (error := making.exception()) is not None:
        _logger.error("A plan could not be compiled to typed code", exc_info=error)
