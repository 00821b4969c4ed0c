"""Source streams: how each protocol asks a subgraph for one and gives its events as they come.

An event is the JSON of a GraphQL response. Who shares a stream, and what becomes of its events, is for others to say.
"""

from gateway.server.subscriptions.upstream.request import SourceRequest
from gateway.server.subscriptions.upstream.source import Source, open_sources

__all__ = ["Source", "SourceRequest", "open_sources"]
