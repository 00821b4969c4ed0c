"""The class that plugins derive from: a hook at each stage of a request, on its way in and on its way out."""

from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from msgspec import Struct

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


class NoConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The configuration of a plugin that has nothing to be configured."""


C = TypeVar("C", bound=Struct)


class Plugin(Generic[C]):
    """Override the hooks that you need; those that no plugin overrides cost nothing.

    A hook changes what it is given in place. A request's hook may give a response: that is the answer, the stages
    below are left out, and so is the same stage's response hook. Requests meet plugins in the configuration's order,
    responses in the reverse.

    `C` is the type of its configuration. A hook may raise RequestError to refuse a request; what else it raises is logged and refuses the request with an internal error, or
    costs the fields of the one request to a subgraph, unless `on_error` is `continue`.
    """

    on_error: ClassVar[Literal["refuse", "continue"]] = "refuse"

    def __init__(self, config: C) -> None:
        self.config = config

    def has(self, hook: str) -> bool:
        """Whether it is called at a stage: where its class has the hook."""
        return getattr(type(self), hook) is not getattr(Plugin, hook)

    async def start(self) -> None:
        """Called once, before the first request. What it raises refuses the configuration."""

    async def close(self) -> None:
        """Called once, after the last request; only where `start` has been."""

    async def router_request(self, request: RouterRequest) -> RouterResponse | None: ...

    async def router_response(self, response: RouterResponse) -> None: ...

    async def supergraph_request(self, request: SupergraphRequest) -> SupergraphResponse | None: ...

    async def supergraph_response(self, response: SupergraphResponse) -> None: ...

    async def execution_request(self, request: ExecutionRequest) -> ExecutionResponse | None: ...

    async def execution_response(self, response: ExecutionResponse) -> None: ...

    async def subgraph_request(self, request: SubgraphRequest) -> SubgraphResponse | None: ...

    async def subgraph_response(self, response: SubgraphResponse) -> None: ...


def config_type(plugin: type[Plugin[Any]]) -> type[Struct]:
    """The `C` of a plugin's class. Raises ValueError where it does not say."""
    for ancestor in plugin.__mro__:
        for base in ancestor.__dict__.get("__orig_bases__", ()):
            arguments = get_args(base)
            if get_origin(base) is Plugin and isinstance(arguments[0], type):
                return arguments[0]
    raise ValueError(
        f"{plugin.__qualname__} does not say its configuration: Plugin[NoConfig] where it has none"
    )
