"""A subgraph made of its SDL and of what it shall answer: an ASGI app that keeps what it was asked."""

from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import isawaitable
from typing import Any

import msgspec
from graphql import graphql
from msgspec import Struct

from gateway.server.asgi import Receive, Scope, Send, respond
from gateway.testing.answers import Answers, Resolvers
from gateway.testing.executable import executable_schema
from gateway.testing.faults import Fault


class RecordedRequest(Struct, frozen=True, rename="camel"):
    """What a subgraph was asked; header names in lower case."""

    query: str
    variables: dict[str, Any] = {}
    operation_name: str | None = None
    headers: dict[str, str] = {}

    @property
    def representations(self) -> list[dict[str, Any]]:
        """The entities that were asked for, of all `_entities` fields."""
        lists = (value for name, value in self.variables.items() if name.startswith("representations"))
        return [each for found in lists for each in found]


class FakeSubgraph:
    """Answers operations on `sdl` by `answers`, or by one function that gives the whole response for a request.

    `requests` are those that came, the ones that met a fault among them.
    """

    def __init__(self, sdl: str, answers: Answers | Callable[[RecordedRequest], Any] | None = None) -> None:
        self.sdl = sdl
        self.requests: list[RecordedRequest] = []
        self._answers: Answers = {} if answers is None or callable(answers) else answers
        self._respond = answers if callable(answers) else self._executed
        self._fault: Fault | None = None
        self._times: float = 0

    @cached_property
    def resolvers(self) -> Resolvers:
        """What resolves its fields. Raises ValueError for an answer to what the SDL does not have."""
        return Resolvers(executable_schema(self.sdl), self._answers, self.sdl)

    def fail(self, fault: Fault, *, times: int | None = None) -> None:
        """From now on requests meet `fault`: the next `times`, or all until `heal`."""
        self._fault = fault
        self._times = float("inf") if times is None else times

    def heal(self) -> None:
        """From now on requests meet no fault."""
        self._times = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        self.requests.append(request)
        if self._fault is not None and self._times > 0:
            self._times -= 1
            if not await self._fault.happen(receive, send):
                return
        found = self._respond(request)
        body = await found if isawaitable(found) else found
        await respond(send, 200, [(b"content-type", b"application/json")], msgspec.json.encode(body))

    async def _executed(self, request: RecordedRequest) -> Mapping[str, Any]:
        result = await graphql(
            self.resolvers.schema,
            request.query,
            root_value={},
            variable_values=request.variables,
            operation_name=request.operation_name,
            field_resolver=self.resolvers.field,
            type_resolver=self.resolvers.type,
        )
        return result.formatted


async def read_request(scope: Scope, receive: Receive) -> RecordedRequest:
    """The GraphQL request that a router sends."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    asked = msgspec.json.decode(body)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    given = {name: value for name, value in asked.items() if value is not None}
    return msgspec.convert({**given, "headers": headers}, RecordedRequest)
