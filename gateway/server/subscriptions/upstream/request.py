"""What a subgraph is asked."""

from typing import NamedTuple


class SourceRequest(NamedTuple):
    """`body` is a GraphQL request as JSON; `headers` are those that reach the subgraph on behalf of a client."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
