"""The configuration of a coprocessor: at which stages it is asked, and what it is told there."""

from typing import Literal

from msgspec import Struct

from gateway.server.config.duration import Duration


class Selective(Struct, frozen=True):
    """The entries of the context that are told, by their names."""

    selective: tuple[str, ...]


class Sent(Struct, frozen=True):
    """What every stage may tell. A stage with a `url` of its own is told there; `detached` waits for no answer.

    The `context` is told with Apollo's names: those of version 2 (`all`), or of version 1 (`deprecated`, or true).
    """

    url: str | None = None
    detached: bool = False
    headers: bool = False
    body: bool = False
    context: bool | Literal["all", "deprecated"] | Selective = False


class SentByRouter(Sent, frozen=True):
    """Of a stage above the subgraphs."""

    sdl: bool = False


class RouterRequestSent(SentByRouter, frozen=True):
    """Of a client's HTTP request."""

    path: bool = False
    method: bool = False


class GraphQLRequestSent(SentByRouter, frozen=True):
    """Of a GraphQL request."""

    method: bool = False


class ExecutionRequestSent(GraphQLRequestSent, frozen=True):
    """Of an operation that is about to run."""

    query_plan: bool = False


class ResponseSent(SentByRouter, frozen=True):
    """Of a response to the client."""

    status_code: bool = False


class SubgraphRequestSent(Sent, frozen=True):
    """Of a request to a subgraph."""

    uri: bool = False
    method: bool = False
    service_name: bool = False
    subgraph_request_id: bool = False


class SubgraphResponseSent(Sent, frozen=True):
    """Of a subgraph's response."""

    service_name: bool = False
    status_code: bool = False
    subgraph_request_id: bool = False


class RouterStage(Struct, frozen=True):
    """HTTP, towards the client."""

    request: RouterRequestSent | None = None
    response: ResponseSent | None = None


class SupergraphStage(Struct, frozen=True):
    """GraphQL, towards the client."""

    request: GraphQLRequestSent | None = None
    response: ResponseSent | None = None


class ExecutionStage(Struct, frozen=True):
    """An operation's plan."""

    request: ExecutionRequestSent | None = None
    response: ResponseSent | None = None


class SubgraphStage(Struct, frozen=True):
    """Each request to a subgraph."""

    request: SubgraphRequestSent | None = None
    response: SubgraphResponseSent | None = None


class SubgraphStages(Struct, frozen=True):
    """Of all subgraphs."""

    all: SubgraphStage = SubgraphStage()


class Coprocessor(Struct, frozen=True):
    """A program that is asked by HTTP at the stages that are named, and waited for `timeout`."""

    url: str
    timeout: Duration = Duration(1)
    router: RouterStage = RouterStage()
    supergraph: SupergraphStage = SupergraphStage()
    execution: ExecutionStage = ExecutionStage()
    subgraph: SubgraphStages = SubgraphStages()
