"""`POST /graphql`: one operation by GraphQL over HTTP, for the router and for people; a subscription as an event stream.

It verifies the bearer token, keeps the deadline that the router set, and masks defects. Parsing, validation and
execution are Strawberry's.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypeAlias, cast

import msgspec
from graphql import GraphQLError
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send
from msgspec import Meta, Struct
from strawberry.federation import Schema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from common.app.event_stream import EVENT_STREAM, EventStream
from common.app.masking import INTERNAL, format_error
from common.app.request import CLIENT_ADDRESS_HEADER, ServiceRequest
from common.app.responses import JSON_HEADERS, graphql_errors, header, headers, read_body, respond
from common.auth import InvalidToken, TokenVerifier, lifetime
from common.auth.signatures import MessageVerifier
from common.errors import DeadlineExceededError, DomainError

DEADLINE_HEADER = b"hansa-deadline-ms"
_MAX_BODY = 16 * 1024 * 1024

_SINGLE_RESULTS = (OperationType.QUERY, OperationType.MUTATION)

_Answer: TypeAlias = tuple[int, tuple[tuple[str, str], ...], bytes]


class _Operation(Struct):
    query: Annotated[str, Meta(min_length=1)]
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the name in the GraphQL over HTTP specification


class GraphQLEndpoint:
    """The ASGI app of one schema; `context` makes the resolvers' context, anew for each request.

    With `signatures` a request that is not signed is refused.
    """

    def __init__(
        self,
        schema: Schema,
        context: Callable[[ServiceRequest], object],
        log: logging.Logger,
        signatures: MessageVerifier | None = None,
    ) -> None:
        self._schema = schema
        self._context = context
        self._log = log
        self._signatures = signatures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP
        answer = await self._answer(scope, receive)
        if isinstance(answer, EventStream):
            await answer.send(receive, send)
        else:
            await respond(send, *answer)

    async def _answer(self, scope: HTTPScope, receive: Receive) -> _Answer | EventStream:
        if (unfit := _refusal(scope)) is not None:
            return unfit
        try:
            body = await read_body(receive, _MAX_BODY)
            if self._signatures is not None:
                self._signatures.verify(scope["method"], headers(scope), body)
            operation = msgspec.json.decode(body, type=_Operation)
            verifier: TokenVerifier = scope["litestar_app"].state.verifier
            authenticate = partial(verifier.authenticate, header(scope, b"authorization"))
            caller = await authenticate()
            request = ServiceRequest(caller, header(scope, CLIENT_ADDRESS_HEADER))
            if EVENT_STREAM in (header(scope, b"accept") or ""):
                events = self._events(operation, request, authenticate)
                return EventStream(events, lifetime(caller))
            return 200, JSON_HEADERS, await self._run(operation, request, header(scope, DEADLINE_HEADER))
        except InvalidToken as refusal:
            return refusal.status, refusal.headers(), refusal.body()
        except DomainError as refusal:
            body = graphql_errors(refusal.message, refusal.code, **refusal.extensions)
            return refusal.status, JSON_HEADERS, body
        except msgspec.DecodeError as error:
            return 400, JSON_HEADERS, graphql_errors(f"Not a GraphQL request: {error}", "BAD_REQUEST")

    async def _run(self, operation: _Operation, request: ServiceRequest, deadline: str | None) -> bytes:
        budget = int(deadline) / 1000 if deadline and deadline.isdecimal() else None
        try:
            async with asyncio.timeout(budget) as limit:
                return self._encode(await self._execute(operation, request))
        except TimeoutError:
            if limit.expired():
                raise DeadlineExceededError("The time for this request ran out") from None
            raise

    async def _events(
        self, operation: _Operation, request: ServiceRequest, still: Callable[[], Awaitable[object]]
    ) -> AsyncGenerator[bytes, None]:
        """Each response of the operation, for as long as the caller's token counts `still`."""
        results = await self._schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=self._context(request),
            operation_name=operation.operationName,
        )
        async with contextlib.aclosing(results):
            try:
                async for result in results:
                    await still()
                    yield self._encode(cast("ExecutionResult", result))  # what @defer gives is not on offer
            except CannotGetOperationTypeError:
                yield _unknown_operation()
            except GraphQLError as error:
                yield self._encode(ExecutionResult(data=None, errors=[error]))
            except DomainError as refusal:
                yield graphql_errors(refusal.message, refusal.code, **refusal.extensions)

    async def _execute(self, operation: _Operation, request: ServiceRequest) -> ExecutionResult | bytes:
        try:
            return await self._schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=self._context(request),
                operation_name=operation.operationName,
                allowed_operation_types=_SINGLE_RESULTS,
            )
        except CannotGetOperationTypeError:
            return _unknown_operation()
        except InvalidOperationTypeError:
            return graphql_errors(f"Send accept: {EVENT_STREAM} for a subscription", "NOT_ACCEPTABLE")

    def _encode(self, result: ExecutionResult | bytes) -> bytes:
        if isinstance(result, bytes):
            return result
        response: dict[str, Any] = {}
        if result.errors:
            response["errors"] = [format_error(error, self._log) for error in result.errors]
        if result.data is not None or not result.errors or any(error.path for error in result.errors):
            response["data"] = result.data
        try:
            return msgspec.json.encode(response)
        except TypeError:
            self._log.exception("A result is not JSON")
            return graphql_errors("Internal error", INTERNAL)


def _refusal(scope: HTTPScope) -> _Answer | None:
    """Why the request's head is none of an operation's."""
    if scope["method"] != "POST":
        return 405, (*JSON_HEADERS, ("allow", "POST")), graphql_errors("Use POST", "METHOD_NOT_ALLOWED")
    if not (header(scope, b"content-type") or "").startswith("application/json"):
        return 415, JSON_HEADERS, graphql_errors("Send application/json", "UNSUPPORTED_MEDIA_TYPE")
    return None


def _unknown_operation() -> bytes:
    return graphql_errors("The document has no such operation", "GRAPHQL_UNKNOWN_OPERATION_NAME")
