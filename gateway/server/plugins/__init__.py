"""What a plugin is written with: the class to derive from, and what its hooks are given at each stage of a request."""

from gateway.server.plugins.headers import Headers
from gateway.server.plugins.plugin import NoConfig, Plugin
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    RouterRequest,
    RouterResponse,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)

__all__ = (
    "ExecutionRequest",
    "ExecutionResponse",
    "Headers",
    "NoConfig",
    "Plugin",
    "RouterRequest",
    "RouterResponse",
    "SubgraphRequest",
    "SubgraphResponse",
    "SupergraphRequest",
    "SupergraphResponse",
)
