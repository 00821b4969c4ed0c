"""What a plugin is given at each stage of a request, to read and to change.

The stages are Apollo Router's. `context` is one dictionary for a client's whole request: what one stage leaves there,
later ones find. `id` is the same in all of them.
"""

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from msgspec import Struct, field

from gateway.planning.plan import QueryPlan
from gateway.server.errors import error_body
from gateway.server.plugins.headers import Headers

Claims = Mapping[str, Any]


class Stage(Struct, kw_only=True):
    """What all stages have. `claims` are those of the caller's token; None where the caller is anonymous."""

    headers: Headers = field(default_factory=Headers)
    context: dict[str, Any] = field(default_factory=dict)
    claims: Claims | None = None
    id: str = ""


class RouterRequest(Stage, kw_only=True):
    """A client's HTTP request, let in and authenticated, before its body is read as GraphQL.

    Headers, body and claims may be changed. A request with files has its body still to come: it is empty here. `scope` is
    ASGI's: what the apps around the router know of the request, such as `user` and `state`.
    """

    method: str = "POST"
    path: str = ""
    query_string: str = ""
    body: bytes = b""
    scope: Mapping[str, Any] = {}


class RouterResponse(Stage, kw_only=True):
    """The HTTP response to a client. Of one in parts (`@defer`), `body` is the first part."""

    status: int = 200
    body: bytes = b""

    @classmethod
    def error(cls, status: int, message: str, code: str) -> Self:
        """One GraphQL error and no data."""
        return cls(status=status, body=msgspec.json.encode({"errors": [error_body(message, code)]}))


class SupergraphRequest(Stage, kw_only=True):
    """A GraphQL request: a persisted query's document is in its place. All but `operation_name` may be changed."""

    query: str = ""
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"


class GraphQLResponse(Stage, kw_only=True):
    """A GraphQL response; `headers` are added to the client's. `data` is UNSET where it has none at all."""

    status: int = 200
    data: Any = msgspec.UNSET
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def error(cls, message: str, code: str, *, status: int = 200) -> Self:
        """One GraphQL error and no data."""
        return cls(status=status, errors=[error_body(message, code)])

    def encode(self) -> bytes:
        """The response's JSON."""
        body = {"data": self.data, "errors": self.errors or msgspec.UNSET}
        return msgspec.json.encode(_Body(**body, extensions=self.extensions or msgspec.UNSET))


class SupergraphResponse(GraphQLResponse, kw_only=True):
    """What a client is answered, before it is encoded."""


class ExecutionRequest(Stage, kw_only=True):
    """An operation that is about to run; of it, the variables and the headers to subgraphs may be changed."""

    query: str
    operation_name: str | None
    operation_kind: str
    variables: dict[str, Any]
    plan: QueryPlan
    method: str = "POST"


class ExecutionResponse(GraphQLResponse, kw_only=True):
    """What came of a plan."""


class SubgraphRequest(Stage, kw_only=True):
    """One request to one subgraph. `body` has the members `query`, `variables` and perhaps `operationName`.

    `subgraph_request_id` is that of its response, too.
    """

    subgraph: str
    uri: str
    body: dict[str, Any]
    method: str = "POST"
    subgraph_request_id: str = ""


class SubgraphResponse(Stage, kw_only=True):
    """What a subgraph has answered; `body` is its JSON, or the bytes where it is none."""

    subgraph: str = ""
    status: int = 200
    body: Any = None
    subgraph_request_id: str = ""


class _Body(Struct, omit_defaults=True):
    data: Any = msgspec.UNSET
    errors: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    extensions: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
