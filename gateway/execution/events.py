"""A subscription, one event of its source stream at a time (GraphQL, section 6.2.3).

How the source stream comes about, and how long it lasts, is for others to say: here are the request that asks a subgraph
for it, and what becomes of each of its events.
"""

from collections.abc import Mapping
from typing import Any

from common.http import Response
from gateway.execution.answer import read_answer
from gateway.execution.completion import Shapes
from gateway.execution.context import Execution, RequestContext
from gateway.execution.errors import FetchError
from gateway.execution.request import compile_body
from gateway.execution.result import ExecutionResult
from gateway.execution.root_fetch import RootAnswers
from gateway.execution.runner import Runner
from gateway.planning.plan import Fetch


class EventPlan:
    """What a plan says of a subscription. Holds nothing of any request.

    `subgraph` has the source stream; `is_whole` says that an event needs nothing from other requests.
    """

    def __init__(self, primary: Fetch, rest: Runner[Execution] | None, shapes: Shapes) -> None:
        self.subgraph = primary.subgraph
        self.is_whole = rest is None
        self._encode = compile_body(primary)
        self._answers = RootAnswers(primary)
        self._rest = rest
        self._shapes = shapes

    def request(self, variables: Mapping[str, Any]) -> bytes:
        """The GraphQL request that creates the source stream, as JSON (CreateSourceEventStream, section 6.2.3.1)."""
        return self._encode(variables, ())

    async def execute(
        self, event: bytes, variables: Mapping[str, Any], context: RequestContext
    ) -> ExecutionResult:
        """The response to one event (ExecuteSubscriptionEvent, section 6.2.3.2).

        `event` is the subgraph's response as JSON. What is wrong with it, or with what else is fetched for it, are
        errors of this response alone.
        """
        execution = Execution(variables, context)
        try:
            answer = read_answer(Response(200, (), event))
        except FetchError as error:
            self._answers.fail(error, execution)
        else:
            self._answers.take(answer, [execution.data], execution)
            if self._rest is not None and answer.data:
                await self._rest(execution)
        data = self._shapes.of(variables).complete(execution.data, variables, execution.errors)
        return ExecutionResult(data, execution.errors.errors)
